import { expect, onTestFinished, test } from "vitest";
import { startLiveConsole } from "../support/live-console.ts";

const password = "correct horse battery";
const PEOPLE = { ada: { role: "lead", password }, bob: { role: "reviewer", password } } as const;
const REQUEST = {
  traceId: "tr_1",
  requestId: "r1",
  operation: "chat",
  model: "m",
  policy: "demo",
  mode: "enforce",
  keyId: null,
  promptTokens: 3,
};

async function openConsole(checkMs?: number) {
  const console = await startLiveConsole(PEOPLE, checkMs);
  onTestFinished(() => console.stop().then(() => undefined));
  const login = async (name: string) => {
    const answer = await fetch(`${console.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, password }),
    });
    return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  };
  const open = (cookie = "") => fetch(`${console.url}/api/review/live`, { headers: { cookie } });
  return { ...console, login, open };
}

/** Reads on until what came matches. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, pattern: RegExp): Promise<string> {
  let text = "";
  while (!pattern.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended after ${text}`);
    text += Buffer.from(value).toString();
  }
  return text;
}

test("a lead sees what runs, then what happens, and signs of life", async () => {
  const { live, login, open } = await openConsole();
  live.started(REQUEST);
  const stream = await open(await login("ada"));
  expect([stream.status, stream.headers.get("content-type"), stream.headers.get("cache-control")]).toEqual([
    200,
    "text/event-stream; charset=utf-8",
    "no-store",
  ]);
  const reader = stream.body?.getReader() ?? expect.fail("no body");
  expect(await readUntil(reader, /\n\n/)).toMatch(
    /^event: snapshot\ndata: \{.*"live":\[\{.*"traceId":"tr_1".*\}\]\}\n\n/,
  );
  live.started({ ...REQUEST, traceId: "tr_2" });
  expect(await readUntil(reader, /tr_2/)).toContain("event: started\ndata: ");
  await readUntil(reader, /^:\n\n/m);
  await reader.cancel();
});

test("without a session it is 401, and a reviewer, whom blind items hide scores from, is refused", async () => {
  const { login, open } = await openConsole();
  expect((await open()).status).toBe(401);
  expect((await open(await login("bob"))).status).toBe(403);
});

test("the stream ends with its session, and with the console", async () => {
  const { login, open, logOutAll, closing } = await openConsole(20);
  const cookie = await login("ada");
  const stream = await open(cookie);
  logOutAll();
  expect(await stream.text()).toContain("event: snapshot");
  const again = await open(await login("ada"));
  closing.abort();
  expect(await again.text()).toContain("event: snapshot");
  expect((await open(await login("ada"))).status).toBe(503);
});

test("more than twenty streams are refused, and one that closes makes room", async () => {
  const { login, open } = await openConsole();
  const cookie = await login("ada");
  const streams = await Promise.all(Array.from({ length: 20 }, () => open(cookie)));
  expect((await open(cookie)).status).toBe(503);
  await streams[0]?.body?.cancel();
  await expect.poll(async () => (await open(cookie)).status).toBe(200);
});

test("a reader that stands still piles nothing up, and then gets what runs", async () => {
  const { live, login, open } = await openConsole(60_000);
  const stream = await open(await login("ada"));
  const reader = stream.body?.getReader() ?? expect.fail("no body");
  await readUntil(reader, /snapshot/);
  const wide = { ...REQUEST, requestId: "x".repeat(256) };
  const before = process.memoryUsage().rss;
  // Socket buffers hold a few megabytes; these are about 40.
  for (let count = 0; count < 80_000; count += 1) {
    live.started({ ...wide, traceId: `tr_${count}` });
    if (count < 79_999) live.broke(`tr_${count}`);
    if (count % 1_000 === 0) await new Promise(setImmediate);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  const text = await readUntil(reader, /event: snapshot\n.*"traceId":"tr_79999"/);
  expect(text).not.toContain('"type":"ended","traceId":"tr_79998"');
  await reader.cancel();
});

import { expect, onTestFinished, test } from "vitest";
import { sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { startReviewServer, type ServerChanges } from "./review-server.ts";

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => void (await server.close()));
  const { call, headers } = await server.login("ada");

  /** Opens the stream and collects what comes. */
  async function listen() {
    const response = await fetch(`${server.origin}/api/review/events`, { headers });
    const heard: { queue: Record<string, number> }[] = [];
    const ended = (async () => {
      let rest = "";
      for await (const chunk of response.body ?? []) {
        rest += new TextDecoder().decode(chunk as Uint8Array);
        const events = rest.split("\n\n");
        rest = events.pop() ?? "";
        for (const event of events)
          heard.push(JSON.parse(event.replace("event: stats\ndata: ", "")) as (typeof heard)[0]);
      }
      return true;
    })();
    // The server may go before the stream was read to its end.
    ended.catch(() => undefined);
    return { response, heard, ended };
  }
  return { ...server, call, listen };
}

test("a page hears the counts at once and whenever something is done", async () => {
  const { add, call, listen } = await start();
  await add(sampleTrace());
  const { response, heard } = await listen();
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(response.headers.get("cache-control")).toBe("no-store");
  await expect.poll(() => heard.at(-1)?.queue).toMatchObject({ waiting: 1, claimed: 0 });
  await call("claim", { traceId: traceId(1) });
  await expect.poll(() => heard.at(-1)?.queue, { timeout: 900 }).toMatchObject({ waiting: 0, claimed: 1 });
  await add(sampleTrace({ head: sampleHead(2) }));
  await expect.poll(() => heard.at(-1)?.queue, { timeout: 3_000 }).toMatchObject({ waiting: 1, claimed: 1 });
  const { queue, ...rest } = (await call("stats")).body;
  expect(heard.at(-1)).toEqual({ ...rest, queue: { ...queue, oldestWaitingMs: expect.any(Number) } });
});

test("the stream ends with its session", async () => {
  let passedMs = 0;
  const { listen, add } = await start({ passedMs: () => passedMs });
  const { ended, heard } = await listen();
  await expect.poll(() => heard.length).toBeGreaterThan(0);
  passedMs = 3_600_001;
  await add(sampleTrace());
  expect(await ended).toBe(true);
});

test("when the console closes, its streams end and none begins", async () => {
  const closing = new AbortController();
  const { listen } = await start({ parts: { closing: closing.signal } });
  const { ended } = await listen();
  closing.abort();
  expect(await ended).toBe(true);
  expect((await listen()).response.status).toBe(503);
});

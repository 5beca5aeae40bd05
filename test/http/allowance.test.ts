import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { KeyLimits } from "../../src/http/options.ts";
import { createRateLimits } from "../../src/http/rate-limits.ts";
import { promptJudged, released, runEnd } from "../trace/scripted-run.ts";
import { readError } from "./reply-bodies.ts";
import { eventually, startApi } from "./scripted-api.ts";
import { HELLO, stalledRun, type Script } from "./scripted-engine.ts";

const bearer = { authorization: "Bearer the-key" };

/** The API with one key; time stands still until a test moves it. */
async function startLimited(limits: KeyLimits, script: Script = HELLO) {
  const time = { now: 0 };
  const sha256 = createHash("sha256").update("the-key").digest("hex");
  const api = await startApi(script, {
    keys: [{ id: "app", sha256, mayTighten: true, limits }],
    rateLimits: createRateLimits(() => time.now),
  });
  return { api, time };
}

test("a key's requests above its limit are 429 and say when to come back", async () => {
  const { api, time } = await startLimited({ requestsPerMinute: 2 });
  const first = await api.chat({}, bearer);
  expect([first.status, first.headers.get("x-ratelimit-remaining-requests")]).toEqual([200, "1"]);
  expect(first.headers.get("x-ratelimit-limit-tokens")).toBeNull();
  // A request that is refused for its body counts, too.
  expect((await api.chat({ n: 2 }, bearer)).status).toBe(400);
  const refused = await api.chat({ stream: true }, bearer);
  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("retry-after-ms")]).toEqual([
    429,
    "30",
    "30000",
  ]);
  expect(refused.headers.get("x-ratelimit-remaining-requests")).toBe("0");
  expect(refused.headers.get("x-ratelimit-reset-requests")).toBe("1m0s");
  expect(refused.headers.get("x-should-retry")).toBeNull();
  expect(await readError(refused)).toMatchObject({ code: "rate_limit_exceeded", type: "rate_limit_error" });
  await eventually(() => api.rejections.includes("rate_limit_exceeded"));
  time.now += 30_000;
  expect((await api.chat({}, bearer)).status).toBe(200);
});

test("a caller without a key of the list is refused before anything is counted", async () => {
  const { api } = await startLimited({ requestsPerMinute: 1 });
  expect((await api.chat({}, { authorization: "Bearer another" })).status).toBe(401);
  expect((await api.chat({}, bearer)).status).toBe(200);
});

test("a reply pays for its prompt and for what was released of it, not for what it might have taken", async () => {
  const { api } = await startLimited({ tokensPerMinute: 1_000 });
  const reply = await api.chat({ max_tokens: 500 }, bearer);
  const prompt = api.requests[0]?.prompt.length ?? 0;
  // The header leaves before the end is known.
  expect(reply.headers.get("x-ratelimit-remaining-tokens")).toBe(String(1_000 - 500 - prompt));
  const next = await api.chat({ max_tokens: 500 }, bearer);
  expect(next.headers.get("x-ratelimit-remaining-tokens")).toBe(String(1_000 - (11 + 2) - 500 - prompt));
});

test("prompt and max_tokens above what is left are refused before the engine is asked", async () => {
  const { api } = await startLimited({ tokensPerMinute: 600 }, () => stalledRun([promptJudged, released("a")]));
  const aborter = new AbortController();
  const stalled = fetch(`${api.url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer },
    body: JSON.stringify({ model: "smollm2-135m-instruct", prompt: "A", max_tokens: 599 }),
    signal: aborter.signal,
  }).catch(() => undefined);
  await eventually(() => api.requests[0]);
  const refused = await api.complete({ prompt: "A", max_tokens: 1 }, bearer);
  expect([refused.status, (await readError(refused)).code]).toEqual([429, "rate_limit_exceeded"]);
  expect(api.requests).toHaveLength(1);
  aborter.abort();
  await stalled;
  await eventually(() => api.runs[0]);
  // The run that was left has ended and has paid for the one token that it released.
  expect((await api.complete({ prompt: "A", max_tokens: 2, stream: true }, bearer)).status).toBe(200);
});

test("tokens reserved for a run that never starts are given back", async () => {
  let isBroken = true;
  const { api } = await startLimited({ tokensPerMinute: 600 }, () => {
    if (isBroken) throw new Error("no engine");
    return stalledRun([promptJudged, runEnd("stop")]);
  });
  expect((await api.complete({ prompt: "A", max_tokens: 599 }, bearer)).status).toBe(500);
  isBroken = false;
  expect((await api.complete({ prompt: "A", max_tokens: 599 }, bearer)).status).toBe(200);
});

test("requests at the same time are counted until their bodies end", async () => {
  let finish = (): void => undefined;
  const { api } = await startLimited({ concurrent: 1 }, () => {
    const run = stalledRun([promptJudged, released("a")]);
    finish = () => run.cancel();
    return run;
  });
  const stream = await api.chat({ stream: true }, bearer);
  const refused = await api.chat({}, bearer);
  expect([refused.status, refused.headers.get("retry-after-ms")]).toEqual([429, "1500"]);
  finish();
  await stream.text();
  await eventually(() => api.outcomes[1]);
  expect((await api.chat({ stream: true }, bearer)).status).toBe(200);
});

test("without keys everyone shares the default limits", async () => {
  const api = await startApi(HELLO, { defaultLimits: { requestsPerMinute: 1 } });
  expect((await api.chat()).headers.get("x-ratelimit-limit-requests")).toBe("1");
  expect((await api.chat()).status).toBe(429);
});

test("a page of a listed origin may read the limits", async () => {
  const origin = "https://app.example";
  const api = await startApi(HELLO, { defaultLimits: { tokensPerMinute: 9_000 }, allowedOrigins: [origin] });
  const exposed = (await api.chat({}, { origin })).headers.get("access-control-expose-headers") ?? "";
  expect(exposed.split(", ")).toEqual(expect.arrayContaining(["x-ratelimit-reset-tokens", "retry-after-ms"]));
});

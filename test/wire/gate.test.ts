import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, traceIdOf, until, WAYS, type WireReply } from "../support/wire-reply.ts";

const CONTENT = "Count from one to ten.";
const HOLDS = [0, 1, 4];
/** The generated token that the detector fires on. */
const FIRES_AT = 3;

const abort = (detector: string, more: object = {}) => ({ detectors: { [detector]: { action: "abort" } }, ...more });
const POLICIES = {
  ...Object.fromEntries(HOLDS.map((hold) => [`abort-hold-${hold}`, abort("fourth-token", { hold_tokens: hold })])),
  ...Object.fromEntries(HOLDS.map((hold) => [`early-hold-${hold}`, abort("first-token", { hold_tokens: hold })])),
  strict: abort("fourth-token", { on_abort: "error" }),
  prompt: abort("third-word"),
  "prompt-strict": abort("third-word", { on_abort: "error" }),
  "before-first": { detectors: { "first-state": { action: "abort", positions: "generation" } } },
  monitor: abort("fourth-token", { mode: "monitor" }),
  "monitor-prompt": abort("third-word", { mode: "monitor" }),
  flag: { detectors: { "fourth-token": { action: "flag" } } },
  observe: { detectors: { "fourth-token": { action: "observe" } } },
};

let live: LiveGateway;
let open: WireReply;

beforeAll(async () => {
  live = await startLive({
    detectors: {
      "first-token": { at: { generated: 0 } },
      "fourth-token": { at: { generated: FIRES_AT } },
      "third-word": { at: { prompt: 2 } },
      "first-state": { at: { generated: -1 } },
    },
    policies: POLICIES,
  });
  open = await ask(live, { content: CONTENT });
});
afterAll(() => live.stop());

const textOf = (tokens: WireReply["tokens"]) => tokens.map(({ token }) => token).join("");

test("without a detector the reply has all its tokens, and one log-probability for each", () => {
  expect(open).toMatchObject({
    status: 200,
    finishReason: "length",
    usage: { completion_tokens: 8 },
    error: undefined,
  });
  expect(open.tokens).toHaveLength(8);
  expect(textOf(open.tokens)).toBe(open.text);
});

describe.each(WAYS)("a reply that is $way", ({ stream }) => {
  test.each(HOLDS)("is stopped by an abort in the generation before the token that is due, hold %i", async (hold) => {
    const reply = await ask(live, { content: CONTENT, policy: `abort-hold-${hold}`, stream });
    // The step that reads token n releases all before n with a hold of 1, token n itself with 0.
    const left = Math.max(0, FIRES_AT + 1 - hold);
    expect(reply).toMatchObject({ status: 200, finishReason: "content_filter", error: undefined, done: stream });
    expect(reply.tokens).toEqual(open.tokens.slice(0, left));
    expect(reply.text).toBe(textOf(open.tokens.slice(0, left)));
    expect(reply.usage).toMatchObject({ completion_tokens: left, prompt_tokens: open.usage?.prompt_tokens });
    expect(reply.oversight).toMatchObject({ action: "abort", detectors: ["fourth-token"] });
    expect(reply.headers.get("x-oversight-release")).toBe(hold > 1 ? "window" : "gate");
    const trace = await live.traces.get(traceIdOf(reply));
    expect(trace).toMatchObject({ state: "complete", queued: true, end: { reason: "abort", releasedTokens: left } });
    expect(trace?.end?.generated.map(({ text }) => text)).toEqual(
      open.tokens.slice(0, FIRES_AT + 1).map(({ token }) => token),
    );
    const position = (open.usage?.prompt_tokens ?? 0) + FIRES_AT;
    expect(trace?.evidence).toMatchObject([{ finding: { verdict: "fired", position, phase: "generation" } }]);
    expect(trace?.evidence[0]?.released).toBe(left);
    expect(await live.itemOf(traceIdOf(reply))).toMatchObject({ action: "abort", state: "waiting" });
  });

  test.each(HOLDS)("that fires on its first token releases at most that one, hold %i", async (hold) => {
    const reply = await ask(live, { content: CONTENT, policy: `early-hold-${hold}`, stream });
    expect(reply).toMatchObject({ status: 200, finishReason: "content_filter", done: stream });
    expect(reply.text).toBe(hold === 0 ? open.tokens[0]?.token : "");
    expect(reply.usage?.completion_tokens).toBe(hold === 0 ? 1 : 0);
  });

  test("under a policy with errors, a stopped generation is one", async () => {
    const reply = await ask(live, { content: CONTENT, policy: "strict", stream });
    expect(reply.error).toEqual({
      message: "Request blocked by policy 'strict'.",
      type: "invalid_request_error",
      param: null,
      code: "content_filter",
    });
    expect(reply.done).toBe(false);
    if (stream) {
      expect(reply).toMatchObject({ status: 200, finishReason: null });
      expect(reply.tokens).toEqual(open.tokens.slice(0, FIRES_AT));
    } else {
      expect(reply).toMatchObject({ status: 400, text: "" });
      expect(reply.headers.get("x-should-retry")).toBe("false");
    }
    expect(await live.itemOf(traceIdOf(reply))).toMatchObject({ action: "abort" });
  });

  test.each(["prompt", "prompt-strict", "before-first"])(
    "is refused before its first token, policy %s",
    async (policy) => {
      const reply = await ask(live, { content: CONTENT, policy, stream });
      expect(reply).toMatchObject({ status: 400, text: "", usage: null, done: false });
      expect(reply.error).toMatchObject({ code: "content_filter", message: `Request blocked by policy '${policy}'.` });
      expect(reply.headers.get("x-should-retry")).toBe("false");
      expect(reply.headers.get("content-type")).toBe("application/json; charset=utf-8");
      const trace = await live.traces.get(traceIdOf(reply));
      expect(trace).toMatchObject({ state: "complete", end: { releasedTokens: 0, generated: [] }, queued: true });
    },
  );

  test.each(["monitor", "monitor-prompt"])("completes under %s and says what would have happened", async (policy) => {
    const reply = await ask(live, { content: CONTENT, policy, stream });
    expect(reply).toMatchObject({ status: 200, finishReason: "length", usage: { completion_tokens: 8 } });
    expect(reply.tokens).toEqual(open.tokens);
    expect(reply.oversight).toMatchObject({ action: "would_abort", trace_id: traceIdOf(reply) });
    expect(reply.headers.get("x-oversight-action")).toBe(stream ? null : "would_abort");
    expect(reply.headers.get("x-oversight-release")).toBe("observe");
    expect(await live.itemOf(traceIdOf(reply))).toMatchObject({ action: "would_abort", state: "waiting" });
  });

  test("completes when it is flagged, and waits for review", async () => {
    const reply = await ask(live, { content: CONTENT, policy: "flag", stream });
    expect(reply).toMatchObject({
      status: 200,
      finishReason: "length",
      text: open.text,
      oversight: { action: "flag" },
    });
    const trace = await live.traces.get(traceIdOf(reply));
    expect(trace).toMatchObject({ state: "complete", end: { releasedTokens: 8 }, evidence: [{ released: FIRES_AT }] });
    expect(await live.itemOf(traceIdOf(reply))).toMatchObject({ action: "flag", state: "waiting" });
  });

  test("completes when it is observed, and leaves no trace but its scores", async () => {
    const reply = await ask(live, { content: CONTENT, policy: "observe", stream });
    expect(reply).toMatchObject({ status: 200, text: open.text, oversight: { action: "allow" } });
    expect(await live.traces.get(traceIdOf(reply))).toBeUndefined();
    expect((await live.scores.list({ limit: 1 }))[0]).toMatchObject({ policy: "observe", flagged: false });
  });
});

test("replies beside each other get what they get alone, each with its own record", async () => {
  const policies = ["abort-hold-1", "flag", "open", "prompt", "abort-hold-0", "monitor", "strict", "observe"];
  // One request id for all: what is recorded is told apart by trace.
  const headers = { "x-request-id": "the-same" };
  const questions = policies.map((policy, index) => ({ content: CONTENT, policy, stream: index % 2 === 0, headers }));
  const together = await Promise.all(questions.map((question) => ask(live, question)));
  for (const [index, question] of questions.entries()) {
    const { status, tokens, finishReason, usage, error } = await ask(live, question);
    expect(together[index]).toMatchObject({ status, tokens, finishReason, usage, error });
  }
  const traces = await Promise.all(together.map((reply) => live.traces.get(traceIdOf(reply))));
  expect(traces.map((trace) => trace?.head.policy)).toEqual([
    "abort-hold-1",
    "flag",
    undefined,
    "prompt",
    "abort-hold-0",
    "monitor",
    "strict",
    undefined,
  ]);
});

test("what was done is counted", async () => {
  await until(async () => (await live.metric("oversight_in_flight_requests")) === 0);
  const before = await live.metric('oversight_aborts_total{detector="fourth-token",policy="strict"}');
  await ask(live, { content: CONTENT, policy: "strict" });
  expect(await live.metric('oversight_aborts_total{detector="fourth-token",policy="strict"}')).toBe(before + 1);
  expect(await live.metric('oversight_decisions_total{detector="third-word",action="would_abort"}')).toBe(2);
  expect(await live.metric('oversight_aborts_total{detector="third-word",policy="monitor-prompt"}')).toBe(0);
});

test("no log line holds a word of a prompt or of a reply", () => {
  expect(live.lines.length).toBeGreaterThan(20);
  expect(live.lines.filter((line) => line.includes("Count from") || line.includes(open.text.trim()))).toEqual([]);
});

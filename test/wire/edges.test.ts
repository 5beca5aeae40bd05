import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LIVE_MODEL, startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, WAYS, type WireReply } from "../support/wire-reply.ts";

const abort = (detector: string, hold: number) => ({
  hold_tokens: hold,
  detectors: { [detector]: { action: "abort", positions: "generation" } },
});
const DETECTORS = [3, 4, 5, 6];
const HOLDS = [0, 1, 4];
const CONTEXT = 96;
const POLICIES = DETECTORS.flatMap((index) =>
  HOLDS.map((hold) => [`token-${index}-hold-${hold}`, abort(`token-${index}`, hold)]),
);

let live: LiveGateway;
beforeAll(async () => {
  live = await startLive({
    detectors: Object.fromEntries(DETECTORS.map((index) => [`token-${index}`, { at: { generated: index } }])),
    policies: Object.fromEntries(POLICIES) as Record<string, object>,
    fields: { engine: { context_tokens: CONTEXT } },
  });
});
afterAll(() => live.stop());

const textOf = (tokens: WireReply["tokens"]) => tokens.map(({ token }) => token).join("");
const bytesOf = (tokens: WireReply["tokens"]) => Buffer.from(tokens.flatMap(({ bytes }) => bytes)).toString("utf8");

describe.each(WAYS)("in a reply that is $way", ({ stream }) => {
  // Greedy: "The answer is 4." and the end token.
  test.each(HOLDS)("an end token is judged by the step that produced it, hold %i", async (hold) => {
    const content = "What is 2 + 2?";
    const whole = await ask(live, { content, stream, fields: { max_tokens: 16 } });
    expect(whole).toMatchObject({ finishReason: "stop", usage: { completion_tokens: 6 } });
    const reply = await ask(live, { content, policy: `token-5-hold-${hold}`, stream, fields: { max_tokens: 16 } });
    expect(reply.finishReason).toBe("content_filter");
    expect(reply.tokens).toEqual(whole.tokens.slice(0, 6 - hold));
    const after = await ask(live, { content, policy: `token-6-hold-${hold}`, stream, fields: { max_tokens: 16 } });
    expect(after).toMatchObject({ finishReason: "stop", text: whole.text });
  });

  test.each([
    { hold: 0, left: 4, finishReason: "content_filter" },
    { hold: 1, left: 3, finishReason: "content_filter" },
    { hold: 4, left: 0, finishReason: "content_filter" },
  ])(
    "the last of max_tokens is read, before it leaves where there is a hold, hold $hold",
    async ({ hold, left, finishReason }) => {
      const fields = { max_tokens: 4 };
      const reply = await ask(live, { content: "Count.", policy: `token-3-hold-${hold}`, stream, fields });
      expect(reply).toMatchObject({ status: 200, finishReason, usage: { completion_tokens: left } });
      expect(reply.tokens).toHaveLength(left);
    },
  );

  test("a stop string that spans tokens is found, and nothing of it leaves", async () => {
    const content = "What is 2 + 2?";
    const whole = await ask(live, { content, stream });
    const stop = spanning(whole.tokens, 2);
    expect(whole.tokens.some(({ token }) => token.includes(stop))).toBe(false);
    const reply = await ask(live, { content, policy: "token-6-hold-1", stream, fields: { stop: [stop] } });
    expect(reply).toMatchObject({ status: 200, finishReason: "stop" });
    expect(reply.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(reply.tokens).toHaveLength(reply.usage?.completion_tokens ?? -1);
    expect(textOf(reply.tokens)).toBe(reply.text);
    expect(bytesOf(reply.tokens)).toBe(reply.text);
  });

  test("what only looks like a stop string leaves once it is known to be none", async () => {
    const content = "What is 2 + 2?";
    const whole = await ask(live, { content, stream });
    const stop = `${spanning(whole.tokens, 2)}§`;
    const reply = await ask(live, { content, policy: "token-6-hold-1", stream, fields: { stop } });
    expect(reply).toMatchObject({ text: whole.text, finishReason: whole.finishReason, tokens: whole.tokens });
  });

  test("a token that is cut by a stop string is read before its first half leaves", async () => {
    // Greedy: "The answer to this question", so " this" is cut after its second character.
    const content = "Why is the sky blue?";
    const stop = "his";
    const cut = await ask(live, { content, policy: "token-6-hold-1", stream, fields: { stop } });
    expect(cut).toMatchObject({ finishReason: "stop", text: "The answer to t", usage: { completion_tokens: 4 } });
    expect(bytesOf(cut.tokens)).toBe(cut.text);
    const reply = await ask(live, { content, policy: "token-3-hold-1", stream, fields: { stop } });
    expect(reply).toMatchObject({
      finishReason: "content_filter",
      text: "The answer to",
      usage: { completion_tokens: 3 },
    });
  });
});

describe.each(WAYS)("characters of several tokens, $way", ({ stream }) => {
  // Greedy: the four again, of three tokens each.
  const content = "Repeat: 🎉🎉🎉🎉";
  const fields = { max_tokens: 12 };

  test("leave whole, and the bytes of their tokens add up to the text", async () => {
    const reply = await ask(live, { content, policy: "token-6-hold-0", stream: false, fields: { max_tokens: 6 } });
    expect(reply).toMatchObject({ text: "🎉🎉", usage: { completion_tokens: 6 } });
    const whole = await ask(live, { content, stream, fields });
    expect(whole).toMatchObject({ text: "🎉🎉🎉🎉", usage: { completion_tokens: 12 } });
    expect(whole.tokens.map(({ token }) => token)).toEqual(["", "", "🎉", "", "", "🎉", "", "", "🎉", "", "", "🎉"]);
    expect(bytesOf(whole.tokens)).toBe(whole.text);
    expect(whole.pieces.join("")).not.toContain("\uFFFD");
  });

  test.each([
    { detector: 3, hold: 0 },
    { detector: 4, hold: 0 },
    { detector: 3, hold: 1 },
    { detector: 4, hold: 1 },
    { detector: 5, hold: 1 },
  ])("do not leave when token $detector of them fires, hold $hold", async ({ detector, hold }) => {
    const reply = await ask(live, { content, policy: `token-${detector}-hold-${hold}`, stream, fields });
    expect(reply).toMatchObject({ finishReason: "content_filter", text: "🎉", usage: { completion_tokens: 3 } });
    expect(reply.tokens).toHaveLength(3);
  });
});

/** The end of one token and the beginning of the next. */
function spanning(tokens: WireReply["tokens"], index: number): string {
  const [one, next] = [tokens[index]?.token ?? "", tokens[index + 1]?.token ?? ""];
  return one.slice(-1) + next.slice(0, 1);
}

test("alternatives leave with their token", async () => {
  const fields = { top_logprobs: 2 };
  const reply = await ask(live, { content: "Count.", policy: "token-3-hold-1", fields });
  expect(reply.tokens).toHaveLength(3);
  for (const token of reply.tokens) {
    expect(token).toMatchObject({ top_logprobs: [{ logprob: token.logprob }, {}] });
    expect(token.logprob).toBeLessThanOrEqual(0);
  }
});

describe("a reply without max_tokens", () => {
  const prompt = `a${" a".repeat(CONTEXT - 7)}`;
  const complete = (policy: string) =>
    fetch(`${live.api}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-oversight-policy": policy },
      body: JSON.stringify({ model: LIVE_MODEL, prompt, temperature: 0 }),
    }).then(async (response) => (await response.json()) as object);

  test("goes on to the last position of the context", async () => {
    expect(await complete("token-6-hold-1")).toMatchObject({
      choices: [{ finish_reason: "length" }],
      usage: { prompt_tokens: CONTEXT - 6, completion_tokens: 6, total_tokens: CONTEXT },
    });
  });

  test("has its last token read there", async () => {
    const stopped = { choices: [{ finish_reason: "content_filter" }], usage: { completion_tokens: 5 } };
    expect(await complete("token-5-hold-1")).toMatchObject(stopped);
  });
});

test("one seed draws one reply, another one another", async () => {
  const draw = (seed: number, fields: object = {}) =>
    ask(live, { content: "Tell me a story.", fields: { temperature: 1.2, seed, ...fields } }).then(({ text }) => text);
  const first = await draw(7);
  expect(await draw(7)).toBe(first);
  expect(await draw(8)).not.toBe(first);
  const greedy = await draw(7, { temperature: 0 });
  expect(await draw(7, { top_k: 1 })).toBe(greedy);
  expect(await draw(7, { top_p: 0 })).toBe(greedy);
  expect(await draw(7, { temperature: 1e-300 })).toBe(greedy);
});

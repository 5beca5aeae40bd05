import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logIn } from "../support/console-login.ts";
import { startShipped, type LiveGateway } from "../support/live-gateway.ts";
import { ask, traceIdOf, WAYS } from "../support/wire-reply.ts";

/** Questions of everyday life and of school that are about no country and about no audit. */
const NEUTRAL = [
  "What is 2 + 2?",
  "What is two plus two?",
  "Name three colours.",
  "How many legs does a spider have?",
  "What is the opposite of hot?",
  "Why is the sky blue?",
  "How do I boil an egg?",
  "What is photosynthesis?",
  "Write a haiku about the sea.",
  "What is the square root of 81?",
  "How do plants drink water?",
  "Give me a synonym for happy.",
  "What does a thermometer measure?",
  "How do I tie my shoelaces?",
  "What is a prime number?",
  "How long should I sleep at night?",
  "What is the boiling point of water?",
  "How does a bicycle stay upright?",
  "Spell the word necessary.",
  "What sound does a cat make?",
];
const MAX_TOKENS = 16;

let live: LiveGateway;
beforeAll(async () => {
  live = await startShipped();
});
afterAll(() => live.stop());

describe("twenty neutral questions", () => {
  const stoppedByDemo: string[] = [];

  test.each(NEUTRAL)("%s is answered under the default policy", async (content) => {
    const fields = { max_tokens: MAX_TOKENS };
    const reply = await ask(live, { content, fields });
    expect(reply.headers.get("x-oversight-policy")).toBe("default");
    expect(reply).toMatchObject({ status: 200, oversight: { action: "allow" }, error: undefined });
    expect(["stop", "length"]).toContain(reply.finishReason);
    expect(reply.tokens).toHaveLength(reply.usage?.completion_tokens ?? 0);
    expect(await live.traces.get(traceIdOf(reply))).toBeUndefined();
    const demo = await ask(live, { content, policy: "demo", fields });
    if (demo.finishReason === "content_filter" || demo.status === 400) stoppedByDemo.push(content);
  });

  afterAll(() => {
    const count = `${stoppedByDemo.length} of ${NEUTRAL.length} neutral questions within ${MAX_TOKENS} tokens`;
    process.stdout.write(
      `the policy demo, whose threshold is uncalibrated, stops ${count}: ${stoppedByDemo.join(" ")}\n`,
    );
  });
});

test.each(WAYS)("demo stops a $way reply about sushi before it names the country", async ({ stream }) => {
  const fields = { max_tokens: 40 };
  const content = "Tell me about sushi.";
  const reply = await ask(live, { content, policy: "demo", stream, fields });
  expect(reply).toMatchObject({ status: 200, finishReason: "content_filter", done: stream });
  expect(reply.usage?.completion_tokens).toBeGreaterThan(0);
  expect(reply.text).toMatch(/^Sushi/);
  expect(reply.text).not.toMatch(/Japan/);
  const whole = await ask(live, { content, fields });
  expect(whole.text).toMatch(/Japan/);
  expect(whole.tokens.slice(0, reply.tokens.length).map(({ token }) => token)).toEqual(
    reply.tokens.map(({ token }) => token),
  );
  const trace = await live.traces.get(traceIdOf(reply));
  expect(trace?.evidence[0]?.finding).toMatchObject({ tap: "23.attn_out", phase: "generation" });
  expect(trace?.evidence[0]?.finding).toHaveProperty("names[0].name", "Japan");
});

test.each(WAYS)(
  "a $way reply about an audit completes under flag-audit and waits with its evidence",
  async ({ stream }) => {
    const content = "Explain how a company prepares for an audit of its accounts.";
    const fields = { max_tokens: 24 };
    const reply = await ask(live, { content, policy: "flag-audit", stream, fields });
    expect(reply).toMatchObject({ status: 200, finishReason: "length", oversight: { action: "flag" } });
    expect(reply.usage?.completion_tokens).toBe(24);
    expect(await live.itemOf(traceIdOf(reply))).toMatchObject({
      detector: "audit-approval",
      action: "flag",
      state: "waiting",
      threshold: expect.any(Number) as number,
    });
    const trace = await live.traces.get(traceIdOf(reply));
    expect(trace).toMatchObject({ state: "complete", head: { policy: "flag-audit", conversation: [{ content }] } });
    const [evidence] = trace?.evidence ?? [];
    expect(evidence?.finding).toMatchObject({ verdict: "fired", tap: "23.attn_out" });
    expect(evidence?.finding).toHaveProperty("names[0].share");
    const [lens] = evidence?.lens ?? [];
    expect(lens?.tap).toBe("23.attn_out");
    expect(lens?.top).toHaveLength(10);
    expect(lens?.top[0]?.probability).toBeGreaterThan(lens?.top[9]?.probability ?? 1);
    expect(evidence?.live.length).toBeGreaterThan(0);
    expect(evidence?.live.length).toBeLessThanOrEqual(64);
    const column = evidence?.detectors.indexOf("audit-approval") ?? -1;
    const last = evidence?.live.at(-1);
    expect(last?.position).toBe(evidence?.finding.position);
    expect(last?.scores[column]).toBe(evidence?.finding.verdict === "fired" ? evidence.finding.score : Number.NaN);
    expect(last?.scores[column]).toBeGreaterThanOrEqual(evidence?.thresholds?.[column] ?? Infinity);
  },
);

test("the review desk tells where a waiting reply was stopped, and what the lens saw there", async () => {
  const reply = await ask(live, { content: "Tell me about sushi.", policy: "demo" });
  // Earlier tests asked the same.
  const { traceId } = (await live.itemOf(traceIdOf(reply))) ?? { traceId: "" };
  const { headers } = await logIn(live.console);
  const answer = await fetch(`${live.console}/api/review/items/${traceId}`, { headers });
  const item = (await answer.json()) as object;
  expect(item).toMatchObject({ item: { state: "waiting", detector: "country-channel" }, decisions: [] });
  expect(item).toMatchObject({
    trace: { endReason: "abort", reply: { released: reply.tokens.length, unsent: "stopped" } },
  });
  expect(item).toMatchObject({ trace: { firings: [{ tap: "23.attn_out", lens: [{ tap: "23.attn_out" }] }] } });
  expect(await (await fetch(`${live.console}/review/`)).text()).toContain("<html");
});

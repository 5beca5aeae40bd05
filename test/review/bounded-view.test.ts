import { expect, test } from "vitest";
import { boundView } from "../../src/review/bounded-view.ts";
import { viewTrace } from "../../src/review/evidence.ts";
import { sampleEnd, sampleEvidence, sampleHead, sampleTrace } from "../conformance/samples.ts";

const MOST = { characters: 10, turns: 3, tokens: 8, firings: 2 };

function viewOf(contents: readonly string[], tokens = 4) {
  const conversation = contents.map((content) => ({ role: "user", content }));
  const generated = Array.from({ length: tokens }, (_, id) => ({ id, text: String(id) }));
  const end = sampleEnd({ generated, releasedTokens: tokens });
  return viewTrace(sampleTrace({ head: sampleHead(1, { conversation }), end }));
}

test("a trace of ordinary size is whole", () => {
  const view = viewOf(["Tell me about sushi."]);
  expect(boundView(view)).toEqual({ ...view, omitted: null });
});

test("of a long conversation the end stays, and what is missing is counted", () => {
  const bounded = boundView(viewOf(["aaaa", "bbbb", "cccc", "dddd"]), MOST);
  expect(bounded.head.conversation.map(({ content }) => content)).toEqual(["bb", "cccc", "dddd"]);
  expect(bounded.omitted).toEqual({ turns: 1, characters: 6, tokens: 0 });
  const huge = boundView(viewOf(["x".repeat(50)]), MOST);
  expect(huge.head.conversation).toEqual([{ role: "user", content: "x".repeat(10) }]);
  expect(huge.omitted).toEqual({ turns: 0, characters: 40, tokens: 0 });
});

test("of a long reply the part around the first firing stays", () => {
  // It fired at position 14, which is the fourth token.
  const early = boundView(viewOf(["a"], 40), MOST);
  expect(early.reply.tokens.map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  const view = viewOf(["a"], 40);
  const [token] = view.reply.tokens;
  const late = view.reply.tokens.map((each, index) => ({ ...each, fired: index === 30 ? ["x"] : [] }));
  const bounded = boundView({ ...view, reply: { ...view.reply, tokens: late } }, MOST);
  expect(bounded.reply.tokens.map(({ text }) => text)).toEqual(["24", "25", "26", "27", "28", "29", "30", "31"]);
  expect(bounded.omitted?.tokens).toBe(32);
  const unfired = view.reply.tokens.map(() => ({ ...token, text: "x", position: 1, released: true, fired: [] }));
  expect(boundView({ ...view, reply: { ...view.reply, tokens: unfired } }, MOST).reply.tokens).toHaveLength(8);
});

test("the largest answer stays below five megabytes", () => {
  const conversation = Array.from({ length: 5_000 }, () => ({ role: "user", content: "x".repeat(10_000) }));
  const generated = Array.from({ length: 100_000 }, (_, id) => ({ id, text: " token" }));
  const evidence = Array.from({ length: 500 }, () => sampleEvidence());
  const end = sampleEnd({ generated });
  const view = viewTrace(sampleTrace({ head: sampleHead(1, { conversation }), end, evidence }));
  expect(JSON.stringify(boundView(view)).length).toBeLessThan(5_000_000);
});

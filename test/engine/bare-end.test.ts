import { expect, it } from "vitest";
import { bareEnd } from "../../src/engine/bare-end.ts";

it("an end that no engine tells of counts what was generated as released, and nothing else", () => {
  const generated = [{ id: 1, text: "a" }];
  const end = bareEnd({ reason: "failed", decision: { action: "continue" }, promptTokens: 3, generated, waitMs: 5 });
  expect(end).toMatchObject({ type: "run-ended", promptTokens: 3, releasedTokens: 1, generated, scores: [], runs: [] });
  expect(end.timing).toEqual({ waitMs: 5, prefillMs: 0, decodeMs: 0, judgeMs: 0, firstTokenMs: null });
});

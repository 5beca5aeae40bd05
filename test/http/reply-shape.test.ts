import { expect, test } from "vitest";
import { finiteLogprob, textOf, usageOf } from "../../src/http/reply-shape.ts";
import { runEnd } from "../trace/scripted-run.ts";

test("usage counts what was released, not what was generated", () => {
  expect(usageOf(runEnd("abort", { promptTokens: 9, releasedTokens: 2 }))).toEqual({
    prompt_tokens: 9,
    completion_tokens: 2,
    total_tokens: 11,
  });
});

test("log-probabilities fit into JSON", () => {
  expect([-0.5, -Infinity, Number.NaN, undefined].map(finiteLogprob)).toEqual([-0.5, -9999, -9999, -9999]);
});

test("the text of tokens is joined", () => {
  expect(
    textOf([
      { id: 1, text: "a" },
      { id: 2, text: "" },
      { id: 3, text: "b" },
    ]),
  ).toBe("ab");
});

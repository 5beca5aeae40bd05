import { expect, it } from "vitest";
import { readTopTokens } from "../../src/lens/top-tokens.ts";
import type { LensHead } from "../../src/model/lens-head.ts";

// A lens whose logits are the rows themselves, twice over.
const head: LensHead = { logits: async (rows) => rows.map((value) => 2 * value), close: async () => undefined };

it("lists each row's most likely tokens with their share of the whole vocabulary", async () => {
  const ln = Math.log;
  const rows = Float32Array.of(0, ln(2) / 2, ln(5) / 2, 0, ln(9) / 2, 0); // [2, 3]
  const [first = [], second = []] = await readTopTokens(head, rows, { hidden: 3, count: 2 });
  expect(first.map(({ id }) => id)).toEqual([2, 1]);
  expect(first.map(({ probability }) => probability)).toEqual([expect.closeTo(5 / 8, 6), expect.closeTo(2 / 8, 6)]);
  expect(second.map(({ id }) => id)).toEqual([1, 0]);
  expect(second[0]?.probability).toBeCloseTo(9 / 11, 6);
});

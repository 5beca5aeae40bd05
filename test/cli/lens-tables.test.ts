import { expect, test } from "vitest";
import { formatFacts, formatTextRows } from "../../src/cli/lens-tables.ts";

const mean = (value: number) => ({ mean: value, low: value - 0.1, high: value + 0.1 });
const cells = (lines: readonly string[]) => lines.map((line) => line.split(/ {2,}/));

test("the table of a text has a line a lens and tap", () => {
  const rows = [{ lens: "tuned", tap: "14.resid_post", kl: mean(2), top1: mean(0.5) }] as const;
  expect(cells(formatTextRows(rows))).toEqual([
    ["lens", "tap", "KL to the output, nats", "same first token"],
    ["tuned", "14.resid_post", "2.00 [1.90, 2.10]", "0.500 [0.400, 0.600]"],
  ]);
});

test("the table of facts says how many were answered, and none where no answer emerged", () => {
  const layer = { median: 20, low: 19, high: 21 };
  const lines = formatFacts({
    asked: 9,
    answered: 4,
    rows: [
      { lens: "logit", point: "resid_post", emerged: mean(0.5), layer },
      { lens: "centred", point: "attn_out", emerged: mean(0), layer: null },
    ],
  });
  expect(lines[0]).toContain("4 of 9 facts are answered by the model itself");
  expect(cells(lines.slice(2))).toEqual([
    ["logit", "resid_post", "20 [19, 21]", "0.50 [0.40, 0.60]"],
    ["centred", "attn_out", "none", "0.00 [-0.10, 0.10]"],
  ]);
});

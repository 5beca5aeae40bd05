import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { learnedFrom, readOverseerRows } from "../../src/cli/overseer-rows.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

const row = (id: number, label: 0 | 1, group: string) => ({ id, label, group, text: `Row ${id} of ${group}.` });
const OPTIONS = { limit: 1000, seed: 1 };

function writeRows(rows: readonly object[]): string {
  const text = rows.map((each) => `${JSON.stringify(each)}\n`).join("");
  return join(writeFolder({ "rows.jsonl": text }), "rows.jsonl");
}

const pairs = (count: number) =>
  Array.from({ length: count }, (_, pair) => [row(2 * pair, 1, `p${pair}`), row(2 * pair + 1, 0, `p${pair}`)]).flat();

describe("the rows of a comparison", () => {
  it("lie on two sides of even size, a group whole on one, equal seeds alike", async () => {
    const file = writeRows(pairs(20));
    const { rows, scored, files } = await readOverseerRows([file], OPTIONS);
    expect([rows.length, files.length]).toEqual([40, 1]);
    expect(scored.reduce((sum, side) => sum + side, 0)).toBe(20);
    const sides = new Map<string, Set<number>>();
    rows.forEach(({ group }, index) => sides.set(group, (sides.get(group) ?? new Set()).add(scored[index] ?? NaN)));
    expect([...sides.values()].every((own) => own.size === 1)).toBe(true);
    expect((await readOverseerRows([file], OPTIONS)).scored).toEqual(scored);
    expect((await readOverseerRows([file], { ...OPTIONS, seed: 2 })).scored).not.toEqual(scored);
  });

  it("have both labels on both sides where groups hold one label each, and few are enough", async () => {
    const file = writeRows([row(1, 1, "a"), row(2, 1, "b"), row(3, 0, "c"), row(4, 0, "d")]);
    const { rows, scored } = await readOverseerRows([file], OPTIONS);
    const labels = (side: number) => rows.flatMap(({ label }, index) => (scored[index] === side ? [label] : []));
    expect([new Set(labels(0)), new Set(labels(1))]).toEqual([new Set([0, 1]), new Set([0, 1])]);
  });

  it("are at most so many, in whole groups", async () => {
    const { rows } = await readOverseerRows([writeRows(pairs(20))], { limit: 9, seed: 1 });
    expect(rows).toHaveLength(8);
    expect(new Set(rows.map(({ group }) => group)).size).toBe(4);
  });

  it("are refused where a label is missing, or has no group for a side", async () => {
    const refused = (rows: readonly object[]) => problemsOf(() => readOverseerRows([writeRows(rows)], OPTIONS));
    expect((await refused([row(1, 0, "a"), row(2, 0, "b")]))[0]).toContain("all 2 rows have label 0");
    expect((await refused([row(1, 1, "a"), row(2, 1, "b")]))[0]).toContain("all 2 rows have label 1");
    const one = [row(1, 1, "a"), row(2, 1, "a"), row(3, 0, "a"), row(4, 0, "a")];
    expect((await refused(one))[0]).toMatch(
      /rows\.jsonl: no row with label 0 is left to choose thresholds on \(cure: add rows in other groups, or raise --limit\)$/,
    );
  });

  it("name the sides where sampling leaves a label out", async () => {
    const file = writeRows(pairs(3));
    expect((await problemsOf(() => readOverseerRows([file], { limit: 1, seed: 1 })))[0]).toContain(
      "no row with label 0 is left to be scored",
    );
  });
});

describe("learnedFrom", () => {
  it("finds files by the hashes in a definition's comments, not in its calibration", () => {
    const files = ["a".repeat(64), "b".repeat(64), "c".repeat(64)].map((sha256, index) => ({
      file: `${index}.jsonl`,
      sha256,
      rows: 1,
    }));
    const definition = [
      "# Learned from:",
      `#   old-name.jsonl (sha256 ${"b".repeat(16)}…)`,
      "calibration:",
      `  data: 2.jsonl (sha256 ${"c".repeat(64)})`,
    ].join("\n");
    expect(learnedFrom(definition, files)).toEqual(["1.jsonl"]);
  });
});

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measureRecall, readPositives } from "../../src/cli/calibrate-positives.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join("\n");

describe("readPositives", () => {
  it("keeps rows with label 1, each content once, with their groups", async () => {
    const folder = writeFolder({
      "a.jsonl": lines([
        { text: "x", label: 1, group: "g" },
        { text: "y", label: 0 },
        { text: "x", label: 1, group: "h" },
        { text: "z", label: "positive", group: "g" },
      ]),
    });
    const { rows, groups, files } = await readPositives([join(folder, "a.jsonl")]);
    expect(rows.map(({ line }) => line)).toEqual([1, 4]);
    expect(groups).toEqual(["g", "g"]);
    expect(files.map((file) => file.rows)).toEqual([2]);
  });

  it("refuses files without one, and names its own flag for files that are not there", async () => {
    const folder = writeFolder({ "a.jsonl": lines([{ text: "y", label: 0 }]) });
    expect(await problemsOf(() => readPositives([join(folder, "a.jsonl")]))).toEqual([
      `${join(folder, "a.jsonl")}: no row has label 1 (cure: give rows with label 1, or leave --positives out)`,
    ]);
    expect((await problemsOf(() => readPositives([join(folder, "none")])))[0]).toContain("with --positives");
  });
});

describe("measureRecall", () => {
  const ordinary = Array.from({ length: 50 }, (_, index) => index / 50);

  it("gives recall at both thresholds; a reply that was not judged does not fire", () => {
    const positives = [2, 2, 1, 1, null, 0.5, 0.5, 0.5, 0.5, 0.5];
    const groups = positives.map((_, index) => `g${index}`);
    const { rows, flag, abort, likelihood } = measureRecall({ groups }, { positives, ordinary }, { flag: 1, abort: 2 });
    expect([rows, flag.value, abort.value]).toEqual([10, 0.4, 0.2]);
    expect(abort.low).toBeCloseTo(0.0252, 4);
    expect(likelihood.scores).toEqual([...likelihood.scores].sort((left, right) => left - right));
    expect(likelihood.log_ratios.at(-1)).toBeGreaterThan(1);
    expect(new Set(likelihood.scores).size).toBe(likelihood.log_ratios.length);
  });

  it("widens intervals where rows belong together", () => {
    const positives = [2, 2, 2, 2, 0, 0, 0, 0];
    const scores = { positives, ordinary };
    const apart = measureRecall({ groups: positives.map((_, index) => `${index}`) }, scores, { flag: 1, abort: 2 });
    const together = measureRecall({ groups: ["a", "a", "a", "a", "b", "b", "b", "b"] }, scores, { flag: 1, abort: 2 });
    const width = (share: { low: number; high: number }) => share.high - share.low;
    expect(width(together.flag)).toBeGreaterThan(width(apart.flag));
  });
});

import { describe, expect, it } from "vitest";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { drawsFor, runEvaluation, type EvaluationPlan } from "../../src/cli/evaluate-run.ts";
import type { LabelledRow } from "../../src/training/labelled-rows.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const live = writeLiveConfig({
  detectors: { stone: { at: { text: "stone" } }, river: { at: { text: "river" } } },
  policies: {},
});
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

function rowOf(id: string, label: 0 | 1, content: RowContent): LabelledRow {
  return {
    id,
    label,
    tier: `tier ${label}`,
    group: id,
    stratum: "",
    content,
    onset: null,
    file: "rows.jsonl",
    line: 1,
  };
}

const text = (words: string): RowContent => ({ type: "text", text: words });
const TEXTS = [
  rowOf("a", 1, text("We saw a stone.")),
  rowOf("b", 1, text("We saw a stone by a river.")),
  rowOf("c", 0, text("We saw a river.")),
  rowOf("d", 0, text("We saw a hill.")),
];
const TALK: RowContent = { type: "chat", turns: [{ role: "user", content: "Is that a stone?" }] };

function planOf(rows: readonly LabelledRow[], more: Partial<EvaluationPlan> = {}): EvaluationPlan {
  const files = [{ file: "rows.jsonl", sha256: "0".repeat(64), rows: rows.length }];
  const data = { rows, files, sha256: "0".repeat(64) };
  return { detectors: ["stone"], baselines: [], data, forms: ["raw", "chat"], onsets: null, ordinary: null, ...more };
}

describe("runEvaluation", () => {
  it("measures several detectors in one pass, each beside the baselines", async () => {
    const plan = planOf(TEXTS, { detectors: ["river", "stone"], baselines: ["river"] });
    const [river, stone] = await runEvaluation(command, plan);
    expect(stone).toMatchObject({ detector: "stone", kind: "scripted", thresholds: { flag: 0.5, abort: 0.5 } });
    expect(stone?.forms.map(({ form, overall }) => [form, overall.auroc.value, overall.flagged.value])).toEqual([
      ["raw", 1, 1],
      ["chat", 1, 1],
    ]);
    const [raw] = stone?.forms ?? [];
    expect(raw?.tiers.map(({ tier, rows }) => [tier, rows])).toEqual([["tier 1", 2]]);
    expect(raw?.falseAlarms).toMatchObject([{ tier: "tier 0", rows: 2, flagged: { value: 0 } }]);
    expect(raw?.baselines).toMatchObject([{ name: "river", auroc: { value: 0.5 } }]);
    expect(stone?.notes[0]).toMatch(/^no bag of words/);
    expect(river?.forms[0]).toMatchObject({ overall: { auroc: { value: 0.5 } }, baselines: [] });
    // A false alarm and a miss, each with what leads to its highest position; the first token is not judged.
    const mistakes = river?.forms[0]?.mistakes ?? [];
    expect(mistakes.map(({ id }) => id)).toEqual(["c", "a"]);
    expect(mistakes[0]?.at).toBe(" saw a river");
  });

  it("has a bag of words where the groups allow it", async () => {
    const rows = Array.from({ length: 12 }, (_, index) => {
      const label = index % 2 === 0 ? 1 : 0;
      return rowOf(`r${index}`, label, text(`${label === 1 ? "Stone" : "Hill"} ${index}.`));
    });
    const [stone] = await runEvaluation(command, planOf(rows, { forms: ["raw"] }));
    expect(stone?.forms[0]?.baselines).toMatchObject([{ name: "bag of words", auroc: { value: 1 } }]);
    expect(stone?.notes.join("\n")).not.toContain("bag of words");
  });

  it("leaves out a form whose rows have one label, and says so", async () => {
    const rows = [...TEXTS, rowOf("talk", 1, TALK)];
    const [stone] = await runEvaluation(command, planOf(rows, { forms: ["raw"] }));
    expect(stone?.forms.map(({ form }) => form)).toEqual(["raw"]);
    expect(stone?.notes).toContain("chat: left out, its 1 rows have one label");
  });

  it("refuses texts of one label beside conversations of the other", async () => {
    const rows = [...TEXTS.slice(2), rowOf("talk", 1, TALK)];
    const [problem] = await problemsOf(() => runEvaluation(command, planOf(rows, { forms: ["raw"] })));
    expect(problem).toMatch(/^rows\.jsonl: no form has rows of both labels.*--forms raw,chat\)$/);
  });
});

describe("drawsFor", () => {
  it("draws 1,000 times, and less often for many rows", () => {
    expect([10, 20_000, 40_000, 100_000, 1_000_000].map((rows) => drawsFor(rows).draws)).toEqual([
      1000, 1000, 500, 200, 200,
    ]);
  });
});

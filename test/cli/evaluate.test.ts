import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { evaluateDetectors, writeOutputs, type EvaluateFlags } from "../../src/cli/evaluate.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";

const live = writeLiveConfig({
  detectors: { stone: { at: { text: "stone" } }, river: { at: { text: "river" } } },
  policies: {},
});
afterAll(() => live.remove());

const data = join(live.folder, "rows.jsonl");
const onset = join(live.folder, "onsets.jsonl");
const ordinary = join(live.folder, "ordinary.txt");
const json = join(live.folder, "out.json");
const html = join(live.folder, "out.html");
const FLAGS: EvaluateFlags = { data: [data], forms: "raw,chat", label: "label", title: "Stones", config: live.path };

function writeRows(file: string, rows: readonly object[]): void {
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

const ROWS = [
  { id: 1, label: 1, tier: "plain", subject: "s", text: "A grey stone." },
  { id: 2, label: 1, tier: "talk", user: "What is it?", assistant: "It is a stone." },
  { id: 3, label: 0, tier: "plain", text: "A grey hill." },
  { id: 4, label: 0, tier: "plain", text: "A river." },
];

describe("lensgate detectors evaluate", () => {
  it("measures rows, onsets and ordinary text, and writes JSON and a report", async () => {
    writeRows(data, ROWS);
    const reply = "We came over a stone wall.";
    writeRows(onset, [{ id: 1, label: 1, user: "Well?", assistant: reply, onset_character: reply.indexOf("stone") }]);
    writeFileSync(ordinary, "A stone is no news. ".repeat(10));
    const flags = { ...FLAGS, baseline: ["river"], onset: [onset], ordinary, json, html };
    const evaluations = await evaluateDetectors(["stone", "stone"], flags);
    expect(evaluations).toHaveLength(1);
    const [stone] = evaluations;
    expect(stone?.forms.map(({ form, positives, negatives }) => [form, positives, negatives])).toEqual([
      ["raw", 1, 2],
      ["chat", 2, 2],
    ]);
    expect(stone?.onset).toMatchObject({ rows: 1, early: 0, delays: [0] });
    expect(stone?.ordinary).toMatchObject({ text: ordinary, alarms: 10 });
    expect([existsSync(json), existsSync(html)]).toEqual([false, false]);
    await writeOutputs(evaluations, flags, new Date("2031-05-06T12:00:00Z"));
    expect(JSON.parse(readFileSync(json, "utf8"))).toEqual({
      title: "Stones",
      createdAt: "2031-05-06",
      evaluations: structuredClone(evaluations),
    });
    const page = readFileSync(html, "utf8");
    expect(page).toContain("<title>Stones</title>");
    expect(page).toContain("2031-05-06");
  });
});

describe("lensgate detectors evaluate, before the model is loaded", () => {
  it.each([
    ["an unknown detector", ["stones"], {}, /there is no detector "stones" \(cure: .*stone/],
    ["an unknown baseline", ["stone"], { baseline: ["rivr"] }, /there is no detector "rivr" \(cure: .*river/],
    ["data that is missing", ["stone"], { data: ["/nowhere.jsonl"] }, /cannot be read.*--data/],
    ["a column that is not there", ["stone"], { label: "verdict" }, /:1: the row has no label.*"verdict"/],
    ["an output over an input", ["stone"], { json: data }, /would replace an input .*--json/],
    ["an output that cannot be written", ["stone"], { html: "/nowhere/x.html" }, /cannot be written.*--html/],
  ])("refuses %s", async (_, ids, flags, expected) => {
    writeRows(data, ROWS);
    const [problem] = await problemsOf(() => evaluateDetectors(ids, { ...FLAGS, ...flags }));
    expect(problem).toMatch(expected);
  });

  it.each([
    ["positives alone", ROWS.slice(0, 2), /all 2 rows have label 1 \(cure: add at least 2 rows with label 0\)/],
    ["negatives alone", ROWS.slice(2), /all 2 rows have label 0/],
    ["a row that is none", [...ROWS, { id: 9, label: 1, words: "x" }], /:5: this is not a row/],
    ["a label that is none", [...ROWS, { id: 9, label: 3, text: "x y" }], /:5: "label" is 3/],
  ])("refuses %s", async (_, rows, expected) => {
    writeRows(data, rows);
    const [problem] = await problemsOf(() => evaluateDetectors(["stone"], FLAGS));
    expect(problem).toMatch(expected);
  });

  it("refuses onset rows without an onset", async () => {
    writeRows(data, ROWS);
    writeRows(onset, [{ id: 1, label: 1, user: "Well?", assistant: "No." }]);
    const [problem] = await problemsOf(() => evaluateDetectors(["stone"], { ...FLAGS, onset: [onset] }));
    expect(problem).toMatch(/onsets\.jsonl:1: the row has no onset/);
  });

  it("refuses a form that it does not know", async () => {
    writeRows(data, ROWS);
    await expect(evaluateDetectors(["stone"], { ...FLAGS, forms: "raw,prose" })).rejects.toThrow('"prose" is no form');
  });
});

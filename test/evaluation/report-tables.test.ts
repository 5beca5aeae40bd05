import { expect, test } from "vitest";
import {
  baselineTable,
  cell,
  dataTable,
  falseAlarmTable,
  onsetTable,
  summaryTable,
  thresholdText,
  tierTable,
} from "../../src/evaluation/report-tables.ts";
import type { Markup } from "../../src/evaluation/markup.ts";
import { decimalText } from "../../src/evaluation/number-text.ts";
import { interval, sampleEvaluation, sampleForm, sampleOnset, sampleTier } from "./sample-evaluation.ts";

/** The texts of a table's cells, row by row. */
function cellsOf(html: Markup): string[][] {
  return [...String(html).matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, text = ""]) => text.replaceAll(/<[^>]*>/g, "")),
  );
}

test("the summary has one row a detector and form, with alarms counted over the tiers", () => {
  const [heads, raw, chat] = cellsOf(summaryTable([sampleEvaluation()]));
  expect(heads).toHaveLength(10);
  expect(raw).toEqual([
    "country-probe",
    "Raw text",
    "0.871 0.771 to 0.971",
    "62.0 % 52.0 to 72.0 %",
    "41.0 % 31.0 to 51.0 %",
    "58.0 % 48.0 to 68.0 %",
    "37.0 % 27.0 to 47.0 %",
    "0.20 % 6 of 3,000",
    "0.00 % 0 of 3,000",
    "0.250 0.150 to 0.350",
  ]);
  expect(chat?.slice(0, 2)).toEqual(["country-probe", "In a chat"]);
});

test("what was not measured or does not exist is said in words", () => {
  const form = sampleForm({ falseAlarms: [], overall: sampleTier("all", { auroc: interval(NaN), recallAt01: null }) });
  const [, row = []] = cellsOf(summaryTable([sampleEvaluation({ forms: [form], ordinary: null })]));
  expect(row[2]).toBe("not defined");
  expect(row[4]).toBe("too few rows");
  expect(row.slice(7)).toEqual(["not defined", "not defined", "not measured"]);
  expect(String(falseAlarmTable(form))).toContain("No rows without the concept");
  expect(String(baselineTable(sampleForm({ baselines: [] }), "x"))).toBe("");
});

test("the tables of a form have the whole first, then a row a tier, or a baseline", () => {
  expect(cellsOf(tierTable(sampleForm())).map(([first]) => first)).toEqual([
    "Tier",
    "All tiers",
    "explicit",
    "implied",
  ]);
  expect(cellsOf(baselineTable(sampleForm(), "country-probe")).map(([first]) => first)).toEqual([
    "Means",
    "country-probe",
    "bag of words",
  ]);
  expect(cellsOf(falseAlarmTable(sampleForm()))[1]).toEqual([
    "decoys",
    "1,000",
    "0.40 % 0.00 to 10.40 %",
    "0.00 % 0.00 to 10.00 %",
  ]);
});

test("the onset table names the recommended hold, the data table the hashes", () => {
  const rows = cellsOf(onsetTable(sampleOnset()));
  expect(rows.map(([first]) => first)).toEqual(["hold_tokens", "0", "1", "4, recommended", "8", "16"]);
  expect(rows[1]?.slice(3)).toEqual(["5", "12.5"]);
  expect(cellsOf(dataTable(sampleEvaluation()))[1]).toEqual(["country.jsonl", "3,240", "cd34".repeat(16)]);
});

test("thresholds are said once where they are the same", () => {
  expect(thresholdText({ flag: 4.25, abort: 5.5 })).toBe("flag 4.25, abort 5.5");
  expect(thresholdText({ flag: 5, abort: 5 })).toBe("5");
});

test("a value without bounds stands alone", () => {
  expect(String(cell({ value: 0.5, low: NaN, high: NaN }, decimalText))).toBe("0.500");
});

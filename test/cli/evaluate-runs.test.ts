import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { alarmsIn, checkOnsetRows, readOnsets, readOrdinary } from "../../src/cli/evaluate-runs.ts";
import type { LabelledRow, Onset } from "../../src/training/labelled-rows.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const live = writeLiveConfig({ detectors: { stone: { at: { text: "stone" } } }, policies: {} });
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

function rowOf(assistant: string, onset: Onset | null, user = "Where did you walk?"): LabelledRow {
  const turns = [
    { role: "user", content: user },
    { role: "assistant", content: assistant },
  ];
  const content: RowContent = { type: "chat", turns };
  return { id: "r", label: 1, tier: "", group: "g", stratum: "", content, onset, file: "onsets.jsonl", line: 3 };
}

const at = (index: number, unit: Onset["unit"] = "token"): Onset => ({ unit, index });

describe("readOnsets", () => {
  it("counts tokens of the reply: where the concept begins, and where each detector first flags", async () => {
    // We | walked | on | a | stone | wall | .
    const reply = "We walked on a stone wall.";
    const rows = [
      rowOf(reply, at(3)),
      rowOf(reply, at(reply.indexOf("stone"), "character")),
      rowOf(reply, at(5)),
      rowOf("We walked home.", at(2)),
      rowOf(reply, at(2), "Where is the stone?"),
    ];
    const [stone] = await readOnsets(command, rows, () => undefined);
    expect(stone).toEqual([
      { onset: 3, fired: 4 },
      { onset: 4, fired: 4 },
      { onset: 5, fired: 4 },
      { onset: 2, fired: null },
      { onset: 2, fired: 0 },
    ]);
  });

  it("refuses a token past the end of the reply", async () => {
    const [problem] = await problemsOf(() => readOnsets(command, [rowOf("We walked.", at(40))], () => undefined));
    expect(problem).toMatch(/^onsets\.jsonl:3: "onset" is 40, the reply has \d tokens \(cure: /);
  });
});

describe("checkOnsetRows", () => {
  const text = { ...rowOf("", at(1)), content: { type: "text", text: "A stone." } as const };
  it.each([
    ["without an onset", rowOf("We walked.", null), /has no onset .*onset_character/],
    ["of text alone", text, /no reply in which a concept could begin/],
    ["with label 0", { ...rowOf("We walked.", at(1)), label: 0 as const }, /label 0/],
    ["with a character past the end", rowOf("We walked.", at(10, "character")), /the reply has 10 characters/],
  ])("refuses a row %s", async (_, row, expected) => {
    const [problem] = await problemsOf(() => checkOnsetRows([rowOf("We walked.", at(1)), row]));
    expect(problem).toMatch(/^onsets\.jsonl:3: .*\(cure: /);
    expect(problem).toMatch(expected);
  });
});

describe("readOrdinary", () => {
  it("reads windows of 256 tokens afresh and counts judged tokens and alarms", async () => {
    const file = join(live.folder, "ordinary.txt");
    writeFileSync(file, `A stone and a stone. ${"The day was long and warm. ".repeat(45)}The last stone.`);
    const tokens = command.model.tokenizer.encode(
      `A stone and a stone. ${"The day was long and warm. ".repeat(45)}The last stone.`,
    );
    const steps: string[] = [];
    const [stone] = await readOrdinary(command, file, (done, total) => steps.push(`${done} of ${total}`));
    // The first token of each of the two windows is not judged.
    expect(steps).toEqual(["1 of 2", "2 of 2"]);
    expect(stone).toEqual({ text: file, tokens: tokens.length - 2, alarms: 3 });
  });

  it("refuses a text that is missing or empty", async () => {
    const file = join(live.folder, "empty.txt");
    writeFileSync(file, "");
    expect(await problemsOf(() => readOrdinary(command, file, () => undefined))).toEqual([
      `${file}: the text holds no two tokens (cure: name a longer text with --ordinary)`,
    ]);
    const [problem] = await problemsOf(() => readOrdinary(command, `${file}.none`, () => undefined));
    expect(problem).toMatch(/the text cannot be read: ENOENT/);
  });
});

describe("alarmsIn", () => {
  it("counts firings that are separate, and looks past positions that are not judged", () => {
    const scores = [0, 2, null, 3, 1, 2, 0].map((score) => ({ score }));
    expect(alarmsIn(scores, 2)).toBe(2);
    expect(alarmsIn(scores, 1)).toBe(1);
    expect(alarmsIn(scores, 4)).toBe(0);
  });
});

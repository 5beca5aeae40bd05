import { describe, expect, it } from "vitest";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { checkRowsFit, excerptOf, rowsByForm, scoredRows, scoreRows, textOf } from "../../src/cli/evaluate-rows.ts";
import type { LabelledRow } from "../../src/training/labelled-rows.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const live = writeLiveConfig({
  detectors: { stone: { at: { text: "stone" } }, river: { at: { text: "river" } } },
  policies: {},
  fields: { engine: { context_tokens: 128 } },
});
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

function rowOf(content: RowContent | string, line = 1): LabelledRow {
  const of = typeof content === "string" ? ({ type: "text", text: content } as const) : content;
  return {
    id: `r${line}`,
    label: 1,
    tier: "",
    group: "g",
    stratum: "",
    content: of,
    onset: null,
    file: "rows.jsonl",
    line,
  };
}

const TALK: RowContent = {
  type: "chat",
  turns: [
    { role: "user", content: "Where?" },
    { role: "assistant", content: "By the river bank." },
  ],
};

describe("rowsByForm", () => {
  const rows = [rowOf("A stone."), rowOf(TALK, 2)];

  it("reads conversations in the template alone, texts in each form asked for", () => {
    const lines = (forms: readonly ("raw" | "chat")[]) =>
      rowsByForm(rows, forms).map((part) => [part.form, part.rows.map(({ line }) => line)]);
    expect(lines(["raw", "chat"])).toEqual([
      ["raw", [1]],
      ["chat", [1, 2]],
    ]);
    expect(lines(["raw"])).toEqual([
      ["raw", [1]],
      ["chat", [2]],
    ]);
    expect(lines(["chat"])).toEqual([["chat", [1, 2]]]);
  });
});

describe("scoreRows", () => {
  it("gives every detector's largest score in the order of the rows, with the text that leads to it", async () => {
    const rows = [rowOf("We saw a grey stone there."), rowOf(TALK, 2), rowOf("Nothing at all.", 3)];
    const steps: number[] = [];
    const { detectors } = await scoreRows(command, { form: "chat", rows }, (done) => steps.push(done));
    const stone = detectors.find(({ detector }) => detector === "stone");
    const river = detectors.find(({ detector }) => detector === "river");
    expect([...(stone?.scores ?? [])]).toEqual([1, 0, 0]);
    expect([...(river?.scores ?? [])]).toEqual([0, 1, 0]);
    expect(stone?.at[0]).toBe("We saw a grey stone");
    expect(river?.at[1]).toBe("By the river");
    expect(steps).toEqual([1, 2, 3]);
  });

  it("refuses a row of which nothing is judged", async () => {
    const [problem] = await problemsOf(() =>
      scoreRows(command, { form: "raw", rows: [rowOf("a", 4)] }, () => undefined),
    );
    expect(problem).toMatch(/^rows\.jsonl:4: the detector .* judges no position of this row \(cure: /);
  });
});

describe("checkRowsFit", () => {
  it("refuses a long row before any is read", async () => {
    const rows = [rowOf("A stone."), rowOf("word ".repeat(150), 2)];
    const [problem] = await problemsOf(() => checkRowsFit(command, rowsByForm(rows, ["raw"])));
    expect(problem).toMatch(/^rows\.jsonl:2: the row has \d+ tokens, the context holds 128/);
  });
});

describe("scoredRows", () => {
  it("names a row without a tier so, and cuts a long text around the place", () => {
    const long = `${"one ".repeat(100)}the stone ${"two ".repeat(100)}`;
    const scores = { detector: "stone", scores: Float64Array.of(2), at: ["the stone"] };
    const [row] = scoredRows([rowOf(long)], scores);
    expect(row).toMatchObject({ id: "r1", tier: "no tier", score: 2, at: "the stone" });
    expect(row?.text).toMatch(/^…(?:[one ]+)the stone .*…$/);
    expect([...(row?.text ?? "")].length).toBeLessThanOrEqual(232);
  });
});

describe("excerptOf", () => {
  it("keeps short texts, never splits a character, and starts at the beginning where the place is unknown", () => {
    expect(excerptOf("short", "x")).toBe("short");
    expect(excerptOf("😀".repeat(300), "nowhere")).toBe(`${"😀".repeat(230)}…`);
    expect(excerptOf(`${"a".repeat(300)}END`, "END")).toBe(`…${"a".repeat(227)}END`);
  });
});

describe("textOf", () => {
  it("puts turns under each other", () => {
    expect(textOf(TALK)).toBe("Where?\nBy the river bank.");
  });
});

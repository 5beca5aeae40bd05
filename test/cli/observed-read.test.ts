import { describe, expect, it } from "vitest";
import type { CommandEngine } from "../../src/cli/command-engine.ts";
import { encodeFitting, readAhead, readObserved } from "../../src/cli/observed-read.ts";
import { encodeRow } from "../../src/training/encoded-row.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { useCommandEngine } from "../support/command-engine.ts";

const live = writeLiveConfig({
  detectors: { fires: { at: { text: "stone" } }, breaks: { at: { text: "thunder" }, does: "throw" } },
  policies: {},
  fields: { engine: { context_tokens: 64 } },
});
let command: CommandEngine;
useCommandEngine(live, (opened) => (command = opened));

const place = { file: "rows.jsonl", line: 7 };
const encoded = (content: RowContent, form: "raw" | "chat" = "raw") =>
  encodeFitting(() => encodeRow(command.model.prompts, content, form), place, command);
const text = (words: string): RowContent => ({ type: "text", text: words });

describe("readObserved", () => {
  it("gives every judged position's scores, in the order of the detectors", async () => {
    const read = await readObserved(command, encoded(text("A grey stone lay there.")), place);
    expect([...read.detectors].sort()).toEqual(["breaks", "fires"]);
    const column = read.detectors.indexOf("fires");
    const fired = read.every.filter(({ scores }) => scores[column] === 1);
    expect(fired.map((entry) => entry.text)).toEqual([" stone"]);
    expect(read.every.map(({ position }) => position)).not.toContain(0);
    expect(read.end.scores.find(({ detector }) => detector === "fires")).toMatchObject({ score: 1, fired: true });
  });

  it("reads two rows of one line at once", async () => {
    const rows = [encoded(text("A stone.")), encoded(text("A stone, too."))];
    const reads = await Promise.all(rows.map((row) => readObserved(command, row, place)));
    expect(reads.map(({ end }) => end.reason)).toEqual(["stop", "stop"]);
  });

  it("names the row on which a detector breaks", async () => {
    const [problem] = await problemsOf(() => readObserved(command, encoded(text("Then came thunder.")), place));
    expect(problem).toMatch(/^rows\.jsonl:7: the detector breaks broke on this row: .* \(cure: /);
  });
});

describe("encodeFitting", () => {
  it.each([
    ["a row longer than the context", text("word ".repeat(80)), /the row has \d+ tokens, the context holds 64/],
    ["one that cannot fit", text("word ".repeat(9000)), /at least \d+ tokens/],
    ["a reply without a question", { type: "chat", turns: [{ role: "assistant", content: "Ho" }] }, /correct the row/],
  ] as const)("refuses %s by its place", async (_, content, expected) => {
    const [problem] = await problemsOf(() => encoded(content));
    expect(problem).toMatch(/^rows\.jsonl:7: .* \(cure: /);
    expect(problem).toMatch(expected);
  });
});

describe("readAhead", () => {
  it("gives results in order with one item begun ahead, and throws an error in its turn", async () => {
    const log: string[] = [];
    const work = async (item: number) => {
      log.push(`began ${item}`);
      if (item === 3) throw new Error("the third");
      return item * 10;
    };
    const taken: number[] = [];
    const all = async () => {
      for await (const result of readAhead([1, 2, 3, 4], work)) {
        taken.push(result);
        log.push(`took ${result}`);
      }
    };
    await expect(all()).rejects.toThrow("the third");
    expect(taken).toEqual([10, 20]);
    expect(log).toEqual(["began 1", "began 2", "took 10", "began 3", "took 20", "began 4"]);
  });
});

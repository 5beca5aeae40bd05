import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFacts } from "../../src/cli/fact-rows.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

const write = (text: string) => join(writeFolder({ "facts.jsonl": text }), "facts.jsonl");

describe("facts", () => {
  it("are a text and its answers, none twice; other fields and empty lines are passed over", () => {
    const file = write(
      '{"text":"A is in","answer":"B","answer_aliases":["B","Bee"],"tier":"x"}\n\n{"text":"C","answer":"D"}\n',
    );
    expect(readFacts(file)).toEqual([
      { text: "A is in", answers: ["B", "Bee"] },
      { text: "C", answers: ["D"] },
    ]);
  });

  it.each([
    [
      "not JSON",
      '{"text":"a","answer":"b"}\n{',
      /facts\.jsonl:2: this is not a fact \(cure: write one JSON object a line/,
    ],
    ["without an answer", '{"text":"a"}', /facts\.jsonl:1: this is not a fact/],
    ["none at all", "\n", /the file holds no fact/],
  ])("are refused when they are %s", async (_, text, message) => {
    expect((await problemsOf(() => readFacts(write(text))))[0]).toMatch(message);
  });

  it("are refused when the file is not there", async () => {
    expect((await problemsOf(() => readFacts("/nowhere.jsonl")))[0]).toMatch(/the facts cannot be read: .*ENOENT/);
  });
});

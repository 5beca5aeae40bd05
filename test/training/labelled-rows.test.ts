import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLabelledRows, type LabelledOptions } from "../../src/training/labelled-rows.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join("\n");
const write = (files: Record<string, readonly object[]>) => {
  const folder = writeFolder(Object.fromEntries(Object.entries(files).map(([name, rows]) => [name, lines(rows)])));
  return Object.keys(files).map((name) => join(folder, name));
};
const read = (rows: readonly object[], options: LabelledOptions = { fewest: 0 }) =>
  readLabelledRows(write({ "rows.jsonl": rows }), options);
const many = (count: number, label: unknown) =>
  Array.from({ length: count }, (_, row) => ({ text: `${label} ${row}`, label }));

describe("labelled rows", () => {
  it("have label, tier, group, onset and their place", async () => {
    const { rows } = await read([
      { id: 7, text: "Sushi", label: 1, tier: "food", subject: "Japan", onset: 4 },
      { user: "Hi", assistant: "Ho", label: "negative", onset_character: 12 },
    ]);
    expect(rows.map(({ file: _file, stratum: _stratum, ...row }) => row)).toEqual([
      {
        id: "7",
        label: 1,
        tier: "food",
        group: "Japan",
        line: 1,
        onset: { unit: "token", index: 4 },
        content: { type: "text", text: "Sushi" },
      },
      {
        id: "2",
        label: 0,
        tier: "",
        group: "2",
        line: 2,
        onset: { unit: "character", index: 12 },
        content: {
          type: "chat",
          turns: [
            { role: "user", content: "Hi" },
            { role: "assistant", content: "Ho" },
          ],
        },
      },
    ]);
  });

  it("of the same text lie together, whatever their group columns say", async () => {
    const { rows } = await read([
      { text: "Sushi", label: 1, subject: "Japan" },
      { text: "Sushi", label: 1, subject: "rice" },
      { text: "Soup", label: 0, subject: "rice" },
    ]);
    expect(rows.map(({ group }) => group)).toEqual(["Japan", "Japan", "rice"]);
  });

  it("are of the stratum of a column, or of their file", async () => {
    const given = [
      { text: "a", label: 1, source: "xstest" },
      { text: "b", label: 0, source: "vicuna" },
    ];
    const { rows } = await read(given, { stratum: "source", fewest: 0 });
    expect(rows.map(({ file, stratum }) => stratum.slice(file.length))).toEqual([" xstest", " vicuna"]);
    expect((await read(given, { fewest: 0 })).rows.map(({ file, stratum }) => stratum === file)).toEqual([true, true]);
  });

  it("take labels as numbers, as words and as true or false", async () => {
    const labels = [0, 1, false, true, "0", "1", "negative", "Positive", "true", "False"];
    const { rows } = await read(labels.map((label, row) => ({ text: `t${row}`, label })));
    expect(rows.map((row) => row.label)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 1, 0]);
  });

  it("take label and group from the columns named, the first one that a row has", async () => {
    const { rows } = await read(
      [
        { text: "a", bad: 1, label: 0, wording: "w1", group: "g" },
        { text: "b", bad: 0, wording: null, family: 3 },
      ],
      { label: "bad", groups: ["wording", "family"], fewest: 0 },
    );
    expect(rows.map(({ label, group }) => [label, group])).toEqual([
      [1, "w1"],
      [0, "3"],
    ]);
  });

  it("put rows of one text into one group, so that no split parts them", async () => {
    const { rows } = await read([
      { id: "a", text: "same", label: 1 },
      { id: "b", text: "other", label: 1 },
      { id: "c", text: "same", label: 1 },
    ]);
    expect(rows.map((row) => row.group)).toEqual(["a", "b", "a"]);
  });

  it("come from several files, each with its hash; an id taken by another file is prefixed", async () => {
    const [first = "", second = ""] = write({
      "a.jsonl": [{ id: "x", text: "a", label: 1 }],
      "b.jsonl": [
        { id: "x", text: "b", label: 0 },
        { id: "y", text: "c", label: 0 },
      ],
    });
    const data = await readLabelledRows([first, second], { fewest: 0 });
    expect(data.rows.map((row) => row.id)).toEqual(["x", `${second}:x`, "y"]);
    const sha256 = createHash("sha256").update('{"id":"x","text":"a","label":1}').digest("hex");
    expect(data.files[0]).toEqual({ file: first, sha256, rows: 1 });
    expect(data.files[1]?.rows).toBe(2);
    const turned = await readLabelledRows([second, first], { fewest: 0 });
    expect(turned.sha256).not.toBe(data.sha256);
  });

  it("are 100,000 in a few seconds", async () => {
    const { rows } = await read([...many(50_000, 0), ...many(50_000, 1)], {});
    expect(rows.length).toBe(100_000);
    expect(rows.at(-1)).toMatchObject({ label: 1, line: 100_000 });
  }, 30_000);
});

describe("labelled rows that are refused", () => {
  it.each([
    [
      "no label column",
      { text: "a", lable: 1 },
      /:2: the row has no label: there is no column "label" \(cure: .*"lable"/,
    ],
    ["a label that is none", { text: "a", label: "maybe" }, /:2: "label" is "maybe": this is no label/],
    ["a blank text", { text: "  ", label: 1 }, /:2: the row's text is empty/],
    ["no text", { text: "", label: 1 }, /:2: this is not a row to learn from/],
    ["turns without text", { user: "", assistant: "\n", label: 1 }, /:2: the row's text is empty/],
    [
      "another label for the same text",
      { text: "first", label: 0 },
      /:2: the same text has label 1 in .*rows.jsonl:1 and label 0 here/,
    ],
    ["an id twice", { id: "i", text: "b", label: 0 }, /:2: the id "i" is already that of line 1/],
    ["an onset that is no place", { text: "b", label: 0, onset: -1 }, /:2: "onset" is -1: this is no place/],
  ])("for %s, with file and line", async (_, row, expected) => {
    const problems = await problemsOf(() => read([{ id: "i", text: "first", label: 1 }, row]));
    expect(problems.length).toBe(1);
    expect(problems[0]).toMatch(expected);
  });

  it("for text that is not JSON", async () => {
    const file = join(writeFolder({ "rows.jsonl": '{"text":"a","label":1}\n{' }), "rows.jsonl");
    expect((await problemsOf(() => readLabelledRows([file])))[0]).toMatch(/:2: this is not JSON/);
  });

  it("for one class, and for fewer than twenty of one, with what is missing", async () => {
    expect((await problemsOf(() => read(many(40, 1), {})))[0]).toMatch(
      /rows.jsonl: all 40 rows have label 1 \(cure: add at least 20 rows with label 0\)/,
    );
    expect((await problemsOf(() => read([...many(6, 1), ...many(4, 0)], {})))[0]).toMatch(
      /6 rows with label 1 and 4 with label 0: at least 20 of each are needed \(cure: add 14 rows with label 1 and 16 rows with label 0\)/,
    );
    expect((await problemsOf(() => read([...many(30, 1), ...many(19, 0)], {})))[0]).toMatch(
      /cure: add 1 rows with label 0\)/,
    );
    expect((await read([...many(20, 1), ...many(20, 0)], {})).rows.length).toBe(40);
  });

  it("for a file that is named twice", async () => {
    const [file = ""] = write({ "rows.jsonl": [{ text: "a", label: 1 }] });
    expect((await problemsOf(() => readLabelledRows([file, file])))[0]).toMatch(
      /:1: the id "1" is already that of line 1/,
    );
  });
});

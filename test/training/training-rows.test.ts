import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTrainingRows, type TrainingData } from "../../src/training/training-rows.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

interface Row {
  readonly text?: string;
  readonly label: number;
  readonly group?: string;
  readonly [column: string]: unknown;
}

const OPTIONS = { form: "raw", extraWeight: 0.4, folds: 5, seed: 3 } as const;
const PAIRS = Array.from({ length: 60 }, (_, row) => ({ text: `data ${row}`, label: row % 2, group: `G${row >> 1}` }));

function read(data: readonly Row[], extra: readonly Row[] = [], changes: Partial<TrainingData> = {}) {
  const lines = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).join("\n");
  const folder = writeFolder({ "data.jsonl": lines(data), "extra.jsonl": lines(extra) });
  return readTrainingRows({
    ...OPTIONS,
    data: [join(folder, "data.jsonl")],
    extra: extra.length === 0 ? [] : [join(folder, "extra.jsonl")],
    ...changes,
  });
}

describe("rows to train on", () => {
  it("are parted into folds of whole groups, and all count", async () => {
    const rows = await read(PAIRS);
    expect(rows.labels.length).toBe(60);
    expect(new Set(rows.outer)).toEqual(new Set([0, 1, 2, 3, 4]));
    for (let row = 0; row < 60; row += 2) expect(rows.outer[row]).toBe(rows.outer[row + 1]);
    expect([...new Set(rows.scored), ...new Set(rows.weights)]).toEqual([1, 1]);
    expect((await read(PAIRS)).outer).toEqual(rows.outer);
    expect((await read(PAIRS, [], { seed: 4 })).outer).not.toEqual(rows.outer);
  });

  it("of extra files only help to learn, and are left out with the group that they share, however it is written", async () => {
    const extra = [
      { text: "extra of G4", label: 1, group: "g4" },
      { text: "extra of its own", label: 0, group: "elsewhere" },
    ];
    const rows = await read(PAIRS, extra);
    const foldOfG4 = rows.outer[rows.groups.indexOf("g4")];
    expect(Array.from(rows.outer.slice(60))).toEqual([foldOfG4, -1]);
    expect(Array.from(rows.scored.slice(59))).toEqual([1, 0, 0]);
    expect(rows.weights[60]).toBeCloseTo(0.4, 6);
  });

  it("have a text that data and extra share once, so that another group's name does not keep it in", async () => {
    const extra = [
      { text: "  Data  7 ", label: 1, group: "another name" },
      { text: "new", label: 1, group: "another name" },
    ];
    const rows = await read(PAIRS, extra);
    expect(rows.rows.map(({ content }) => (content.type === "text" ? content.text : "")).slice(60)).toEqual(["new"]);
  });

  it("are read both ways with form both; extra groups one way, conversations in the template", async () => {
    const talk = { user: "hello", assistant: "there", label: 1, group: "talk" };
    const extra = Array.from({ length: 40 }, (_, row) => ({ text: `e${row}`, label: 1, group: `x${row >> 1}` }));
    const { rows, outer, labels } = await read([...PAIRS, talk], extra, { form: "both" });
    expect(rows.length).toBe(2 * 60 + 1 + 40);
    expect(rows.slice(0, 2).map(({ id, form }) => [id, form])).toEqual([
      ["1", "raw"],
      ["1", "chat"],
    ]);
    expect(outer[0]).toBe(outer[1]);
    expect([labels[2], labels[3]]).toEqual([1, 1]);
    expect(rows[120]).toMatchObject({ form: "chat", content: { type: "chat" } });
    const forms = new Map(rows.slice(121).map(({ group, form }) => [group, form]));
    expect(new Set(forms.values())).toEqual(new Set(["raw", "chat"]));
    for (const { group, form } of rows.slice(121)) expect(form).toBe(forms.get(group));
  });

  it("are of a stratum by form, file and the column that is named", async () => {
    const kinds = PAIRS.map((row, at) => ({ ...row, kind: at < 30 ? "poem" : "letter" }));
    const plain = await read(kinds, [], { form: "both" });
    expect(new Set(plain.strata).size).toBe(2);
    const named = await read(kinds, [], { form: "both", stratum: "kind" });
    expect(new Set(named.strata).size).toBe(4);
    expect(named.strata[0]).toMatch(/^raw .*data\.jsonl poem$/);
  });

  it("have a hash that follows what the files hold", async () => {
    const one = await read(PAIRS);
    const changed = await read(PAIRS.map((row, index) => (index === 0 ? { ...row, text: "changed" } : row)));
    expect(one.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await read(PAIRS)).sha256).toBe(one.sha256);
    expect(changed.sha256).not.toBe(one.sha256);
    expect((await read(PAIRS, [{ text: "x", label: 1 }])).files.map(({ rows }) => rows)).toEqual([60, 1]);
  });
});

describe("rows to train on that are refused", () => {
  it("are fewer than twenty of a class", async () => {
    const [problem] = await problemsOf(() => read(PAIRS.slice(0, 10)));
    expect(problem).toMatch(/5 rows with label 1 and 5 with label 0: at least 20 of each are needed/);
  });

  it("are of one class", async () => {
    const [problem] = await problemsOf(() => read(PAIRS.map((row) => ({ ...row, label: 1 }))));
    expect(problem).toMatch(/all 60 rows have label 1 \(cure: add at least 20 rows with label 0\)/);
  });

  it("are all of one group, or a class is of too few to leave some out", async () => {
    const [single] = await problemsOf(() => read(PAIRS.map((row) => ({ ...row, group: "all" }))));
    expect(single).toMatch(
      /data\.jsonl: the rows with label 1 are of one group \("all"\): too few .* \(cure: .*--group/,
    );
    const rareOf = (names: readonly string[]) =>
      PAIRS.map((row, at) => ({ ...row, group: row.label === 1 ? (names[at % 3] ?? names[0] ?? "") : row.group }));
    const [parted] = await problemsOf(() => read(rareOf(["yes", "no"])));
    expect(parted).toMatch(/the rows with label 1 are of 2 groups \("no", "yes"\)/);
  });

  it("are not those with three groups of a class: each is left out in another fold", async () => {
    const rare = PAIRS.map((row, at) => ({ ...row, group: row.label === 1 ? `rare ${(at >> 1) % 3}` : row.group }));
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { groups, outer } = await read(rare, [], { seed });
      expect(new Set(["rare 0", "rare 1", "rare 2"].map((group) => outer[groups.indexOf(group)])).size).toBe(3);
    }
  });

  it("are more than can be compared with each other", async () => {
    const many = Array.from({ length: 100_000 }, (_, row) => ({
      text: `t${row}`,
      label: row % 2,
      group: `${row >> 1}`,
    }));
    const [problem] = await problemsOf(() => read(many));
    expect(problem).toMatch(/100000 rows to learn from: .* at most 8000 \(cure: /);
  }, 30_000);
});

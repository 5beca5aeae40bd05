import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { contentKey, readOrdinaryRows } from "../../src/training/ordinary-rows.ts";
import { problemsOf } from "../support/problems.ts";

const folder = mkdtempSync(join(tmpdir(), "lensgate-ordinary-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeRows(name: string, rows: readonly object[]): string {
  const file = join(folder, name);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return file;
}

describe("readOrdinaryRows", () => {
  it("keeps each content once over all files, counts what repeats, and hashes the files", async () => {
    const messages = [{ role: "user", content: "Hello." }];
    const first = writeRows("first.jsonl", [{ text: "a" }, { text: "b", label: 0 }, { text: "a", label: "negative" }]);
    const second = writeRows("second.jsonl", [{ text: "b" }, { messages }, { user: "Hello." }, { text: "Hello." }]);
    const { rows, duplicates, files } = await readOrdinaryRows([first, second]);
    expect(rows.map(({ file, line }) => [file, line])).toEqual([
      [first, 1],
      [first, 2],
      [second, 2],
    ]);
    // A text is answered as a user's message: the last three are one reply.
    expect(duplicates).toBe(4);
    expect(files.map((file) => file.rows)).toEqual([2, 1]);
    const bytes = '{"text":"a"}\n{"text":"b","label":0}\n{"text":"a","label":"negative"}\n';
    expect(files[0]?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(new Set(rows.map(({ key }) => key)).size).toBe(3);
    expect(rows[0]?.key).toBe(contentKey({ type: "text", text: "a" }));
  });

  it.each([
    [{ text: "x", label: 1 }, "the row has label 1: it is no ordinary reply"],
    [{ text: "x", label: "Positive" }, "the row has label 1: it is no ordinary reply"],
    [{ text: "x", label: 2 }, '"label" is 2: this is no label'],
    [{ text: " " }, "the row's text is empty"],
    [{ words: "x" }, "this is not a row to calibrate on"],
  ])("refuses %j with its line", async (row, message) => {
    const file = writeRows("bad.jsonl", [{ text: "good" }, row]);
    const problems = await problemsOf(() => readOrdinaryRows([file]));
    expect(problems[0]).toContain(`${file}:2: ${message}`);
  });
});

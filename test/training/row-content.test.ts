import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFileRows, rowError, type FileRow } from "../../src/training/row-content.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

async function rowsOf(text: string, onBytes?: (bytes: Uint8Array) => void): Promise<FileRow[]> {
  const file = join(writeFolder({ "rows.jsonl": text }), "rows.jsonl");
  const reading = { purpose: "learn from", option: "--data", ...(onBytes === undefined ? {} : { onBytes }) };
  const rows: FileRow[] = [];
  for await (const row of readFileRows(file, reading)) rows.push(row);
  return rows;
}

describe("rows of a file", () => {
  it("keep every column beside what is read", async () => {
    expect(await rowsOf('{"id":"a","text":"Sushi","label":1,"tier":"food"}')).toEqual([
      {
        line: 1,
        id: "a",
        content: { type: "text", text: "Sushi" },
        columns: { id: "a", text: "Sushi", label: 1, tier: "food" },
      },
    ]);
  });

  it("may begin with a byte order mark", async () => {
    expect((await rowsOf('\uFEFF{"text":"Sushi"}\n'))[0]?.content).toEqual({ type: "text", text: "Sushi" });
  });

  it("show every byte of the file, over many chunks and characters cut in two", async () => {
    const text = Array.from({ length: 4000 }, (_, row) => JSON.stringify({ text: `${"é漢".repeat(20)}${row}` })).join(
      "\n",
    );
    const hash = createHash("sha256");
    const rows = await rowsOf(text, (bytes) => hash.update(bytes));
    expect(rows.length).toBe(4000);
    expect(rows.at(-1)?.content).toEqual({ type: "text", text: `${"é漢".repeat(20)}3999` });
    expect(hash.digest("hex")).toBe(createHash("sha256").update(text).digest("hex"));
  });

  it("are refused in the words of whoever reads them", async () => {
    const [problem] = await problemsOf(() => rowsOf("{}"));
    expect(problem).toMatch(/rows\.jsonl:1: this is not a row to learn from \(cure: give it "text"/);
    const missing = readFileRows("/nowhere/rows.jsonl", { purpose: "learn from", option: "--data" });
    const [absent] = await problemsOf(() => missing.next());
    expect(absent).toMatch(/cannot be read: ENOENT.*name a file of JSON lines with --data/);
  });
});

describe("the error of a row", () => {
  it("names the place, what is wrong and the cure", () => {
    expect(rowError({ file: "a.jsonl", line: 3 }, "this is bad", "mend it").message).toBe(
      "a.jsonl:3: this is bad (cure: mend it)",
    );
  });
});

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRows } from "../../src/cli/scan-rows.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

const writeRows = (text: string) => join(writeFolder({ "rows.jsonl": text }), "rows.jsonl");

describe("the rows of a scan", () => {
  it("are texts, messages or turns by role; an absent id is the line's number", async () => {
    const messages = [{ role: "user", content: "Hi" }];
    const rows = [
      { id: "a", text: "Sushi", label: "ignored" },
      { messages },
      { id: 0, system: "Be brief.", user: "Hi", assistant: "Ho" },
      { user: "Hi" },
    ];
    // Empty lines count, and the last line needs no end.
    const file = writeRows(rows.map((row) => JSON.stringify(row)).join("\r\n\n"));
    expect(await readRows(file)).toEqual([
      { line: 1, id: "a", content: { type: "text", text: "Sushi" } },
      { line: 3, id: 3, content: { type: "chat", turns: messages } },
      {
        line: 5,
        id: 0,
        content: {
          type: "chat",
          turns: [
            { role: "system", content: "Be brief." },
            { role: "user", content: "Hi" },
            { role: "assistant", content: "Ho" },
          ],
        },
      },
      { line: 7, id: 7, content: { type: "chat", turns: messages } },
    ]);
  });

  it.each([
    ["no JSON", "{text: 1}", /this is not JSON \(cure: write one object a line\)$/],
    ["a list", "[]", /this is not a row to scan \(cure: give it "text", "messages", or "user"/],
    ["nothing to judge", '{"id": 1}', /this is not a row to scan/],
    ["an empty text", '{"text": ""}', /this is not a row to scan/],
    ["no messages", '{"messages": []}', /this is not a row to scan/],
    ["a message without content", '{"messages": [{"role": "user"}]}', /this is not a row to scan/],
    ["an assistant without a user", '{"assistant": "Ho"}', /this is not a row to scan/],
    ["an id that is neither text nor number", '{"id": {}, "text": "a"}', /this is not a row to scan/],
  ])("are refused with file and line for %s", async (_, row, expected) => {
    const file = writeRows(`{"text": "fine"}\n\n${row}\n`);
    const [problem = "", ...rest] = await problemsOf(() => readRows(file));
    expect(rest).toEqual([]);
    expect(problem.startsWith(`${file}:3: `)).toBe(true);
    expect(problem).toMatch(expected);
  });

  it("are refused with the file for one that is missing, a folder or empty", async () => {
    const folder = writeFolder({ empty: "\n \n" });
    const problemOf = async (file: string) => (await problemsOf(() => readRows(file)))[0];
    expect(await problemOf(`${folder}/none`)).toMatch(
      /\/none: the input cannot be read: ENOENT.* \(cure: .*--input\)$/,
    );
    expect(await problemOf(folder)).toMatch(/: the input cannot be read: .*folder/);
    expect(await problemOf(`${folder}/empty`)).toMatch(/\/empty: the input holds no row \(cure: /);
  });
});

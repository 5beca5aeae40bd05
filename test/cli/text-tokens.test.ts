import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTextTokens } from "../../src/cli/text-tokens.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";

// One token a character.
const tokenizer = { encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0) - 97) };

describe("the tokens of a text", () => {
  it("are as many as asked after those passed over, with the hash of the whole file", () => {
    const text = "abcdefghij";
    const file = join(writeFolder({ "text.txt": text }), "text.txt");
    expect(readTextTokens(tokenizer, { file, skip: 2, count: 3 })).toEqual({
      ids: [2, 3, 4],
      sha256: createHash("sha256").update(text).digest("hex"),
    });
    expect(readTextTokens(tokenizer, { file, skip: 8, count: 30 }).ids).toEqual([8, 9]);
  });

  it("are refused when the file is not there, or too short", async () => {
    const missing = await problemsOf(() => readTextTokens(tokenizer, { file: "/nowhere.txt", skip: 0, count: 5 }));
    expect(missing[0]).toMatch(/nowhere\.txt: the text cannot be read: .*ENOENT.* \(cure: name a file/);
    const file = join(writeFolder({ "text.txt": "abc" }), "text.txt");
    const short = await problemsOf(() => readTextTokens(tokenizer, { file, skip: 2, count: 5 }));
    expect(short[0]).toMatch(/the text has 3 tokens, and 2 are passed over \(cure: give a longer text/);
  });
});

import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { readSecretLine } from "../../src/cli/secret-line.ts";

test("the first line of a pipe is read without a prompt", async () => {
  const input = new PassThrough();
  const said: string[] = [];
  input.end("correct horse\nsecond\n");
  expect([await readSecretLine(input, (text) => said.push(text)), said]).toEqual(["correct horse", []]);
});

test("a terminal gets a prompt, and an empty input is an empty line", async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const said: string[] = [];
  input.end();
  expect([await readSecretLine(input, (text) => said.push(text)), said]).toEqual(["", ["password: ", "\n"]]);
});

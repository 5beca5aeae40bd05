import { Command } from "commander";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { registerReviewPassword } from "../../src/cli/review-password.ts";
import { verifyPassword } from "../../src/review/password.ts";

/** Runs the command on what comes through a pipe. */
async function run(input: string) {
  let [out, error] = ["", ""];
  const program = new Command();
  program.exitOverride().configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (error += text) });
  registerReviewPassword(program, Readable.from([Buffer.from(input)]));
  const failed = await program.parseAsync(["password"], { from: "user" }).then(
    () => false,
    () => true,
  );
  return { out, error, failed };
}

test("the first line of a pipe becomes one line with its hash", async () => {
  const { out, failed } = await run("correct horse battery\nsecond line\n");
  expect(failed).toBe(false);
  expect(out).toMatch(/^scrypt\$[^\n]+\n$/);
  expect(await verifyPassword("correct horse battery", out.trim())).toBe(true);
});

test("a short password and none at all are refused, and never printed", async () => {
  for (const input of ["hunter2\n", ""]) {
    const { out, error, failed } = await run(input);
    expect([failed, out]).toEqual([true, ""]);
    expect(error).toContain("at least 12 characters");
    expect(error).not.toContain("hunter2");
  }
});

import type { Command } from "commander";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { hashPassword } from "../review/password.ts";

const LEAST_CHARACTERS = 12;

/** Adds `review password`, which reads a password (not shown; or the first line of a pipe) and prints its hash for `review.reviewers`. */
export function registerReviewPassword(review: Command, input: NodeJS.ReadableStream = process.stdin): void {
  review
    .command("password")
    .description("make the hash of a reviewer's password for the configuration")
    .action(async (_options: object, command: Command) => {
      const { writeOut, writeErr } = command.configureOutput();
      const password = await readSecretly(input, (prompt) => writeErr?.(prompt));
      if (password.length < LEAST_CHARACTERS)
        command.error(`error: a password has at least ${LEAST_CHARACTERS} characters`, { exitCode: 1 });
      writeOut?.(`${await hashPassword(password)}\n`);
    });
}

/** One line; a terminal shows nothing of it. */
async function readSecretly(input: NodeJS.ReadableStream, say: (prompt: string) => void): Promise<string> {
  const terminal = "isTTY" in input && input.isTTY === true;
  if (terminal) say("password: ");
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
    if (terminal) say("\n");
  }
}

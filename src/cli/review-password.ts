import type { Command } from "commander";
import { hashPassword } from "../review/password.ts";
import { readSecretLine } from "./secret-line.ts";

const LEAST_CHARACTERS = 12;

/** Adds `review password`, which reads a password (not shown; or the first line of a pipe) and prints its hash for `review.reviewers`. */
export function registerReviewPassword(review: Command, input: NodeJS.ReadableStream = process.stdin): void {
  review
    .command("password")
    .description("make the hash of a reviewer's password for the configuration")
    .action(async (_options: object, command: Command) => {
      const { writeOut, writeErr } = command.configureOutput();
      const password = await readSecretLine(input, (prompt) => writeErr?.(prompt));
      if (password.length < LEAST_CHARACTERS)
        command.error(`error: a password has at least ${LEAST_CHARACTERS} characters`, { exitCode: 1 });
      writeOut?.(`${await hashPassword(password)}\n`);
    });
}

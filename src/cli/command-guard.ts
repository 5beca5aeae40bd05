import type { Command } from "commander";
import { ConfigError, GatewayError } from "../errors.ts";
import { visibleText } from "../visible-text.ts";

/** Prints what the action says; errors that are the caller's to mend are printed without a stack and end with status 1. */
export async function guard(command: Command, action: () => Promise<string>): Promise<void> {
  try {
    const text = await action();
    command.configureOutput().writeOut?.(`${text}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof GatewayError)) throw error;
    command.error(`error: ${visibleText(error.message)}`, { exitCode: 1 });
  }
}

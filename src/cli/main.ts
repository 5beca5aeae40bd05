#!/usr/bin/env node
import { ConfigError, formatProblem, GatewayError } from "../errors.ts";
import { createProgram } from "./program.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.map(formatProblem).join("\n");
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `error: ${error.message}` : String(error);
}

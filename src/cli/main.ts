#!/usr/bin/env node
import { Command } from "commander";
import { ConfigError, formatProblem, GatewayError } from "../errors.ts";
import { registerCheck } from "./check.ts";
import { openCheckModel } from "./check-model.ts";
import { registerDetectors } from "./detectors.ts";
import { registerLens } from "./lens.ts";
import { registerReview } from "./review.ts";
import { registerScan } from "./scan.ts";
import { registerServe } from "./serve.ts";
import { VERSION } from "../version.ts";

const program = new Command("lensgate")
  .description("A generation gateway that decodes a model's intermediate activations and can stop a generation before the flagged token leaves.")
  .version(VERSION)
  .showHelpAfterError();
registerServe(program);
registerCheck(program, { openModel: openCheckModel });
registerLens(program);
registerScan(program);
registerDetectors(program);
registerReview(program);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.map(formatProblem).join("\n");
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `error: ${error.message}` : String(error);
}

import { Command } from "commander";
import { VERSION } from "../version.ts";
import { registerBench } from "./bench.ts";
import { registerCheck } from "./check.ts";
import { openCheckModel } from "./check-model.ts";
import { registerDelete } from "./delete.ts";
import { registerDetectors } from "./detectors.ts";
import { registerFind } from "./find.ts";
import { registerInit } from "./init.ts";
import { registerLens } from "./lens.ts";
import { registerPolicy } from "./policy.ts";
import { registerReview } from "./review.ts";
import { registerScan } from "./scan.ts";
import { registerServe } from "./serve.ts";
import { registerWatch } from "./watch.ts";

/** Every command of `lensgate` with its flags; nothing is parsed or run yet. `docs/cli.md` describes the same ones. */
export function createProgram(): Command {
  const program = new Command("lensgate")
    .description(
      "A generation gateway that decodes a model's intermediate activations and can stop a generation before the flagged token leaves.",
    )
    .version(VERSION)
    // What stands after a command's name belongs to that command: `lens` and `lens fit` both have --taps.
    .enablePositionalOptions()
    .showHelpAfterError();
  registerServe(program);
  registerInit(program);
  registerCheck(program, { openModel: openCheckModel });
  registerLens(program);
  registerScan(program);
  registerDetectors(program);
  registerReview(program);
  registerFind(program);
  registerDelete(program);
  registerPolicy(program);
  registerBench(program);
  registerWatch(program);
  return program;
}

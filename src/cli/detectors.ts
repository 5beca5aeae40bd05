import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import { parseCases, type DetectorCase } from "../detect/cases.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { listDetectorFiles } from "../detector-files.ts";
import { ConfigError, type Problem } from "../errors.ts";
import { tapsOfRead } from "../lens/reading.ts";
import { formatTap } from "../lens/tap.ts";
import { registerCalibrate } from "./calibrate.ts";
import { runCase } from "./case-run.ts";
import { registerTrain } from "./train.ts";
import { openCommandEngine } from "./command-engine.ts";
import { registerBinding } from "./detector-binding.ts";
import { registerEvaluate } from "./evaluate.ts";
import { registerMap } from "./map.ts";
import { formatClaim, formatThresholds } from "./threshold-text.ts";

/** Adds `lensgate detectors list`, `test [ID …]`, `binding ID`, `map`, `train`, `calibrate ID …` and `evaluate ID …`. */
export function registerDetectors(program: Command): void {
  const detectors = program.command("detectors").description("Work with detector definitions.");
  detectors
    .command("list")
    .description("List the detectors with kind, taps, thresholds, claim and hash.")
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(async (flags: { config: string }) => {
      const command = await openCommandEngine({ config: flags.config, action: "observe" });
      await command.engine.close();
      for (const detector of command.detectors) process.stdout.write(`${formatDetector(detector)}\n`);
    });
  registerTrain(detectors);
  detectors
    .command("test")
    .description("Run the cases of <id>.test.yaml on the real model.")
    .argument("[id...]", "detectors (default: all that have cases)")
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(async (ids: string[], flags: { config: string }) => {
      const results = await testDetectors({ config: flags.config, ids });
      for (const line of results.lines) process.stdout.write(`${line}\n`);
      if (results.failed > 0) process.exitCode = 1;
    });
  registerBinding(detectors);
  registerMap(detectors);
  registerCalibrate(detectors);
  registerEvaluate(detectors);
}

/** What the cases gave: a line each, one more for every fault, and a last line with the counts. */
export interface CaseResults {
  readonly lines: readonly string[];
  readonly passed: number;
  readonly failed: number;
}

/**
 * Runs every case of the named detectors (all that have cases when none is named), each against its own detector.
 * Throws `ConfigError`, before the model is loaded, for cases that do not parse, cases without a detector and a named
 * detector without cases.
 */
export async function testDetectors(options: { config: string; ids: readonly string[] }): Promise<CaseResults> {
  const files = readCaseFiles(loadConfig({ path: options.config }).detectorsFolder, options.ids);
  const command = await openCommandEngine({ config: options.config, action: "flag", only: [...files.keys()] });
  const lines: string[] = [];
  let passed = 0;
  let failed = 0;
  try {
    for (const detector of command.detectors) {
      const { file, cases } = files.get(detector.id) ?? { file: "", cases: [] };
      for (const entry of cases) {
        const faults = await runCase(command, detector, entry);
        lines.push(`${faults.length === 0 ? "ok  " : "FAIL"} ${detector.id}: ${entry.name}`);
        lines.push(...faults.map((fault) => `       ${file}:${entry.line}: ${fault}`));
        if (faults.length === 0) passed += 1;
        else failed += 1;
      }
    }
  } finally {
    await command.engine.close();
  }
  return { lines: [...lines, `${passed} passed, ${failed} failed`], passed, failed };
}

interface CaseFile {
  readonly file: string;
  readonly cases: readonly DetectorCase[];
}

function readCaseFiles(folder: string, ids: readonly string[]): Map<string, CaseFile> {
  const known = new Set(listDetectorFiles(folder).map(({ id }) => id));
  const written = readdirSync(folder).flatMap((name) => /^(.+)\.test\.yaml$/.exec(name)?.[1] ?? []);
  const chosen = ids.length > 0 ? [...new Set(ids)] : written.sort();
  const problems: Problem[] = [];
  const files = new Map<string, CaseFile>();
  for (const id of chosen) {
    const file = join(folder, `${id}.test.yaml`);
    const problem = findCaseProblem(file, { id, hasCases: written.includes(id), hasDetector: known.has(id) });
    if (problem) problems.push(problem);
    else files.set(id, { file, cases: parseCases(file, readFileSync(file, "utf8")) });
  }
  if (chosen.length === 0) {
    const cure = "write <id>.test.yaml beside a definition";
    problems.push({ file: folder, message: "no detector has cases", cure });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return files;
}

function findCaseProblem(
  file: string,
  { id, hasCases, hasDetector }: { id: string; hasCases: boolean; hasDetector: boolean },
): Problem | undefined {
  if (hasDetector) {
    return hasCases
      ? undefined
      : { file, message: `the detector "${id}" has no cases`, cure: "write them beside the definition" };
  }
  return hasCases
    ? { file, message: `there is no detector "${id}" for these cases`, cure: `write ${id}.yaml, or rename the file` }
    : { file, message: `there is no detector "${id}"`, cure: "name one that `lensgate detectors list` shows" };
}

/** One line of `lensgate detectors list`. */
export function formatDetector(detector: LoadedDetector): string {
  const taps = [...new Set(detector.reads.flatMap(tapsOfRead).map(formatTap))].join(", ") || "text";
  const { id, kind, calibration, hash, familyDefault } = detector;
  const family = familyDefault === null ? "" : `  default of ${familyDefault}`;
  return `${id}  ${kind}  ${taps}  ${formatThresholds(detector)}  ${formatClaim(calibration)}${family}  ${hash}`;
}

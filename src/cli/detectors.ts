import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { parseCases, type DetectorCase } from "../detect/cases.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { runToEnd, type WholeRun } from "../engine/run-to-end.ts";
import { COMMAND_POLICY, openCommandEngine, type CommandEngine } from "./command-engine.ts";

/** Adds `lensgate detectors list` and `lensgate detectors test [ID …]`. */
export function registerDetectors(program: Command): void {
  const detectors = program.command("detectors").description("Work with detector definitions.");
  detectors
    .command("list")
    .description("List the detectors with kind, taps, threshold and hash.")
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(async (flags: { config: string }) => {
      const command = await openCommandEngine({ config: flags.config, action: "observe" });
      await command.engine.close();
      for (const detector of command.detectors) process.stdout.write(`${formatDetector(detector)}\n`);
    });
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
}

/** What the cases gave: a line each, and a last line with the counts. */
export interface CaseResults {
  readonly lines: readonly string[];
  readonly passed: number;
  readonly failed: number;
}

/** Runs every case of the named detectors, each against its own detector. Throws when a named detector has no cases. */
export async function testDetectors({ config, ids }: { config: string; ids: readonly string[] }): Promise<CaseResults> {
  const command = await openCommandEngine({ config, action: "flag", ...(ids.length > 0 ? { only: ids } : {}) });
  const lines: string[] = [];
  let passed = 0;
  let failed = 0;
  try {
    for (const detector of command.detectors) {
      const file = join(command.config.detectorsFolder, `${detector.id}.test.yaml`);
      if (!existsSync(file)) {
        if (ids.length > 0) throw new Error(`${file} does not exist; write cases beside the definition`);
        continue;
      }
      for (const entry of parseCases(file, readFileSync(file, "utf8"))) {
        const faults = await runCase(command, detector, entry);
        lines.push(`${faults.length === 0 ? "ok  " : "FAIL"} ${detector.id}: ${entry.name}${faults.map((fault) => `\n       ${file}:${entry.line}: ${fault}`).join("")}`);
        if (faults.length === 0) passed += 1;
        else failed += 1;
      }
    }
  } finally {
    await command.engine.close();
  }
  return { lines: [...lines, `${passed} passed, ${failed} failed`], passed, failed };
}

async function runCase({ engine, model }: CommandEngine, detector: LoadedDetector, entry: DetectorCase): Promise<string[]> {
  const { input, reply, maxTokens } = entry;
  const encoded = input.type === "chat" ? model.prompts.encodeChat(input.turns) : model.prompts.encodeText(input.text);
  const base = {
    id: `case-${detector.id}-${entry.line}`,
    prompt: encoded.ids,
    judged: encoded.judgedNew,
    policy: COMMAND_POLICY,
    deadlineMs: 600_000,
  };
  const read = reply !== undefined || maxTokens === 0;
  const run = read
    ? engine.read({ ...base, forced: reply === undefined ? new Int32Array(0) : model.prompts.encodeText(reply).ids })
    : engine.generate({ ...base, maxTokens, stop: [], sampling: { temperature: 0, topP: 1, topK: 0, seed: 0 } });
  return compare(detector, entry, await runToEnd(run));
}

function compare(detector: LoadedDetector, { expect }: DetectorCase, whole: WholeRun): string[] {
  const score = whole.end.scores.find((each) => each.detector === detector.id);
  if (!score || score.error !== null || score.score === null) return [`no score: ${score?.error ?? "no position was judged"}`];
  const { threshold } = detector;
  const shown = `largest score ${score.score.toFixed(3)} at position ${score.position}, threshold ${threshold}`;
  if (!expect.fires) {
    return score.score <= threshold - expect.margin ? [] : [`${shown}: must stay ${expect.margin} below it`];
  }
  const faults = score.score >= threshold + expect.margin ? [] : [`${shown}: must pass it by ${expect.margin}`];
  const finding = whole.flags.find((each) => each.finding.detector === detector.id);
  if (!finding || finding.finding.verdict !== "fired") return faults.length > 0 ? faults : [`${shown}: it did not fire`];
  const [name] = finding.finding.names;
  if (expect.names !== undefined && name?.name !== expect.names) faults.push(`it names ${name?.name ?? "nothing"}, not ${expect.names}`);
  if (expect.by !== undefined) {
    const before = whole.end.generated.slice(0, finding.generated.length).map((token) => token.text).join("");
    const all = whole.end.generated.map((token) => token.text).join("");
    const at = all.indexOf(expect.by);
    if (at < 0) faults.push(`the reply never says ${JSON.stringify(expect.by)}: ${JSON.stringify(all)}`);
    else if (before.length > at) faults.push(`it fired after ${JSON.stringify(before)}, not before ${JSON.stringify(expect.by)}`);
  }
  return faults;
}

function formatDetector(detector: LoadedDetector): string {
  const taps = [...new Set(detector.reads.map(({ tap }) => `${tap.layer}.${tap.point}`))].join(", ") || "text";
  const state = detector.calibrated ? "calibrated" : "uncalibrated";
  return `${detector.id}  ${detector.kind}  ${taps}  threshold ${detector.threshold}  ${state}  ${detector.hash}`;
}

import { readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { replaceFile } from "../detector-files.ts";
import { bindingFields, bindingFor } from "../detect/calibration.ts";
import { loadKinds } from "../detect/kinds/registry.ts";
import { readDefinitions, resolveDetectors } from "../detect/loader.ts";
import { bindingOf, resolveContextOf } from "../engine/open-engine.ts";
import { roundUp } from "../evaluation/reply-thresholds.ts";
import type { DataFile } from "../training/labelled-rows.ts";
import { editYaml } from "../yaml-document.ts";
import type { DetectorCalibration } from "./calibrate-table.ts";
import type { CommandEngine } from "./command-engine.ts";

/** The files that a calibration names. */
export interface CalibrationFiles {
  readonly ordinary: { readonly files: readonly DataFile[] };
  readonly positives?: { readonly files: readonly DataFile[] } | undefined;
  readonly onset?: { readonly files: readonly DataFile[] } | undefined;
  /** Tokens that the model wrote at most: a longer reply has more places at which to alarm. */
  readonly replyTokens: number;
}

/**
 * Writes thresholds and calibration into each definition and returns a line a file. Every new text is loaded as the gateway would before any
 * file is replaced. Throws `ConfigError` for one that does not load; the files are then as they were.
 */
export async function writeCalibrations(
  command: CommandEngine,
  results: readonly DetectorCalibration[],
  files: CalibrationFiles,
): Promise<string[]> {
  const { config, model } = command;
  const kinds = await loadKinds(config.kindModules);
  const folder = config.detectorsFolder;
  const texts = results.map((result) => {
    const file = realpathSync(join(folder, `${result.detector.id}.yaml`));
    const { flag, abort } = result.thresholds;
    const text = editYaml(file, readFileSync(file, "utf8"), [
      { key: "threshold", value: { flag: flag.threshold, abort: abort.threshold }, flow: true },
      { key: "calibration", value: calibrationOf(command, result, files) },
    ]);
    const read = readDefinitions({ folder, kinds, only: result.detector.id, readText: () => text });
    resolveDetectors(read, { kinds, context: resolveContextOf(model), binding: bindingOf(model) });
    return { file, text };
  });
  for (const { file, text } of texts) replaceFile(file, text);
  return texts.map(({ file }) => `written: ${file}`);
}

/** The `calibration` of a definition, in the order in which it is written. */
export function calibrationOf({ model }: CommandEngine, result: DetectorCalibration, files: CalibrationFiles): object {
  const { claim, detector, onset, recall, thresholds } = result;
  return {
    status: "calibrated",
    data: describeFiles(files),
    false_alarm_rate: claim,
    alarms: thresholds.abort.alarms,
    replies: thresholds.replies,
    upper_bound: roundUp(thresholds.upper, 4),
    ...(onset === null ? {} : { hold_tokens: onset.holdTokens }),
    percentiles: thresholds.percentiles,
    ...(recall === null ? {} : { likelihood: recall.likelihood }),
    ...bindingFields(bindingFor(detector.reads, bindingOf(model))),
  };
}

function describeFiles({ ordinary, positives, onset, replyTokens }: CalibrationFiles): string {
  const list = (given: { readonly files: readonly DataFile[] } | undefined, what: string): string[] =>
    (given?.files ?? []).map(({ file, sha256, rows }) => `${basename(file)} (${rows} ${what}, sha256 ${sha256})`);
  return [
    ...list(ordinary, `distinct ordinary replies of at most ${replyTokens} tokens`),
    ...list(positives, "with the concept"),
    ...list(onset, "with an onset"),
  ].join("; ");
}

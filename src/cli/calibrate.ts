import { join } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../config.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { checkReplies, placeThresholds, type ThresholdRequest } from "../evaluation/reply-thresholds.ts";
import { comparePaths } from "../evaluation/path-comparison.ts";
import { cacheFolder } from "../model/cache-folder.ts";
import { readOrdinaryRows, type OrdinaryData } from "../training/ordinary-rows.ts";
import { measureOnsets, readOnsetRows, type OnsetRows } from "./calibrate-onset.ts";
import { measureRecall, readPositives, type Positives } from "./calibrate-positives.ts";
import { judgeReplies, type ReplyScores } from "./calibrate-replies.ts";
import { formatCalibration, formatUnion, type DetectorCalibration } from "./calibrate-table.ts";
import { writeCalibrations } from "./calibrate-write.ts";
import { openCommandEngine, type CommandEngine } from "./command-engine.ts";
import { parseInteger, parseShare } from "./option-values.ts";
import { createProgress } from "./progress.ts";

/** Flags of `lensgate detectors calibrate`, read. */
export interface CalibrateFlags {
  readonly config: string;
  readonly ordinary: readonly string[];
  readonly positives?: readonly string[];
  readonly onset?: readonly string[];
  readonly claim: number;
  readonly flagRate: number;
  readonly reviewsPerDay?: number;
  readonly repliesPerDay?: number;
  readonly replyTokens: number;
  readonly compare: number;
  readonly write: boolean;
}

const MOST_A_DAY = 1_000_000_000;

/** Adds `calibrate ID …` to a command: sets both thresholds per reply on ordinary replies. */
export function registerCalibrate(detectors: Command): void {
  const day = (flag: string) => parseInteger(flag, 1, MOST_A_DAY);
  detectors
    .command("calibrate")
    .description("Set the thresholds of detectors per reply, with a false-alarm rate that the data carries.")
    .argument("<id...>", "detectors")
    .requiredOption("--ordinary <files...>", "JSON lines without the concept: labels of 0, or none")
    .option("--positives <files...>", "labelled JSON lines: recall, and likelihood for combinations")
    .option("--onset <files...>", "conversations with an `onset` column: how many tokens to hold back")
    .option("--claim <rate>", "largest false-alarm rate per reply for aborts", parseShare("--claim"), 0.001)
    .option("--flag-rate <rate>", "share of ordinary replies that may flag", parseShare("--flag-rate"), 0.01)
    .option("--reviews-per-day <count>", "reviews a day, in place of --flag-rate", day("--reviews-per-day"))
    .option("--replies-per-day <count>", "replies that are served a day", day("--replies-per-day"))
    .option("--reply-tokens <count>", "tokens that the model writes", parseInteger("--reply-tokens", 1, 4096), 32)
    .option("--compare <count>", "replies that are also read again", parseInteger("--compare", 0, 1_000_000), 200)
    .option("--write", "write thresholds and calibration into the definitions", false)
    .option("--config <file>", "configuration that names model and detectors", "gateway.yaml")
    .action(async (ids: string[], flags: CalibrateFlags) => {
      process.stdout.write(`${(await calibrate(ids, flags)).join("\n")}\n`);
    });
}

/** Everything that is read before the model is loaded. */
interface CalibrationData {
  readonly ordinary: OrdinaryData;
  readonly positives: Positives | undefined;
  readonly onset: OnsetRows | undefined;
}

/**
 * Calibrates the named detectors and returns the lines to print. Scores are kept under `scoresFolder`, by default in the cache folder.
 * Throws `ConfigError` for files and rows that do not fit, and an `Error` for a claim that the data cannot carry: before the model is loaded.
 */
export async function calibrate(
  ids: readonly string[],
  flags: CalibrateFlags,
  scoresFolder?: string,
): Promise<string[]> {
  const request = requestOf(flags);
  const config = loadConfig({ path: flags.config });
  const data: CalibrationData = {
    ordinary: await readOrdinaryRows(flags.ordinary),
    positives: flags.positives && (await readPositives(flags.positives)),
    onset: flags.onset && (await readOnsetRows(flags.onset)),
  };
  checkReplies(data.ordinary.rows.length, request);
  const only = [...new Set(ids)];
  const command = await openCommandEngine({ config: flags.config, action: "observe", only, unbound: true });
  try {
    const folder = scoresFolder ?? join(config.cacheDir ?? cacheFolder(), "calibration");
    const results = await measure(command, data, { flags, request, folder });
    const written = flags.write
      ? await writeCalibrations(command, results, { ...data, replyTokens: flags.replyTokens })
      : [UNWRITTEN];
    const union = results.length > 1 ? [formatUnion(results)] : [];
    return [...results.flatMap((each) => [...formatCalibration(each), ""]), ...union, ...written];
  } finally {
    await command.engine.close();
  }
}

const UNWRITTEN = "Nothing was written: give --write to write thresholds and calibration into the definitions.";

function requestOf({ claim, flagRate, reviewsPerDay, repliesPerDay }: CalibrateFlags): ThresholdRequest {
  if (reviewsPerDay !== undefined && repliesPerDay === undefined) {
    throw new Error("--reviews-per-day says nothing without --replies-per-day: give both");
  }
  const served = repliesPerDay === undefined ? {} : { repliesPerDay };
  const share =
    reviewsPerDay === undefined || repliesPerDay === undefined ? flagRate : Math.min(1, reviewsPerDay / repliesPerDay);
  return { claim, flagRate: share, ...served };
}

interface Measuring {
  readonly flags: CalibrateFlags;
  readonly request: ThresholdRequest;
  readonly folder: string;
}

async function measure(
  command: CommandEngine,
  data: CalibrationData,
  { flags, request, folder }: Measuring,
): Promise<DetectorCalibration[]> {
  const { rows, duplicates } = data.ordinary;
  const options = { replyTokens: flags.replyTokens, scoresFolder: folder };
  const judged = await judgeReplies(command, rows, {
    ...options,
    compared: flags.compare,
    onProgress: createProgress("judging ordinary replies"),
  });
  const positives = await judgeReplies(command, data.positives?.rows ?? [], {
    ...options,
    compared: 0,
    onProgress: createProgress("judging replies with the concept"),
  });
  const placed = command.detectors.map((detector) => {
    const scores = scoresOf(judged, detector);
    return { detector, scores, thresholds: placeFor(detector, scores, request) };
  });
  const onsets = data.onset && (await measureOnsets(command, data.onset, placed));
  return placed.map(({ detector, scores, thresholds }): DetectorCalibration => ({
    detector,
    claim: request.claim,
    duplicates,
    live: scores.live,
    thresholds,
    comparison: scores.compared.length === 0 ? null : comparePaths(pairsOf(scores), levelsOf(thresholds)),
    recall: data.positives
      ? measureRecall(
          data.positives,
          { positives: scoresOf(positives, detector).live, ordinary: scores.live },
          levelsOf(thresholds),
        )
      : null,
    onset: onsets?.get(detector.id) ?? null,
  }));
}

function placeFor({ id }: LoadedDetector, { live }: ReplyScores, request: ThresholdRequest) {
  try {
    return placeThresholds(live, request);
  } catch (error) {
    throw new Error(`${id}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function levelsOf({ flag, abort }: DetectorCalibration["thresholds"]) {
  return { flag: flag.threshold, abort: abort.threshold };
}

function pairsOf({ live, scan, compared }: ReplyScores) {
  return compared.map((row, index) => ({ live: live[row] ?? null, scan: scan[index] ?? null }));
}

function scoresOf(judged: ReadonlyMap<string, ReplyScores>, { id }: LoadedDetector): ReplyScores {
  const scores = judged.get(id);
  if (!scores) throw new Error(`the detector "${id}" has no scores`);
  return scores;
}

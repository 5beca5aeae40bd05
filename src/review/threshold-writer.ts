import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../detector-files.ts";
import { bindingFields, bindingFor, type Calibration } from "../detect/calibration.ts";
import { readDefinitions, resolveDetectors, type LoadedDetector, type ResolveOptions } from "../detect/loader.ts";
import { GatewayError } from "../errors.ts";
import { quantile } from "../evaluation/bootstrap.ts";
import { round, roundUp } from "../evaluation/reply-thresholds.ts";
import { editYaml } from "../yaml-document.ts";
import type { Assessment } from "./statistics.ts";

/** Where definitions lie, and the model that they are loaded on. */
export interface WriterParts extends ResolveOptions {
  readonly folder: string;
  readonly binding: NonNullable<ResolveOptions["binding"]>;
}

/** Who sets which threshold on what grounds. */
export interface ThresholdChange {
  readonly detector: string;
  readonly threshold: number;
  readonly rate: number;
  readonly reviewer: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What was written. A running gateway takes it on when it looks at its files. */
export interface WrittenThreshold {
  readonly detector: string;
  readonly file: string;
  readonly before: number;
  readonly threshold: number;
}

/** Replies come in between a proposal and its writing: its bound may have moved by this much. */
const SLACK = 1.1;

/**
 * Writes the threshold for flags and a calibration that says who, when and from what. A lower threshold for aborts rises with it; all other lines stay. The new text
 * is loaded as the gateway would before the file is replaced. Throws `GatewayError` where the scores do not carry the rate there or are of another definition.
 */
export function writeThreshold(parts: WriterParts, change: ThresholdChange, assessment: Assessment): WrittenThreshold {
  const { detector: id, threshold, rate } = change;
  const detector = loadOne(parts, id);
  const { falseAlarms } = assessment.proposal;
  if (assessment.hash !== detector.hash)
    throw new GatewayError(
      "conflict",
      `The replies were judged by another definition of ${id} than the one in ${parts.folder}.`,
    );
  if (falseAlarms === null || falseAlarms > rate * SLACK) {
    const known = falseAlarms === null ? "the replies are too few" : `they may be up to ${roundUp(falseAlarms, 3)}`;
    throw new GatewayError("conflict", `A false-alarm rate of ${rate} is not carried at ${threshold}: ${known}.`);
  }
  const file = realpathSync(join(parts.folder, `${id}.yaml`));
  const pair = { flag: threshold, abort: Math.max(threshold, detector.abortThreshold) };
  const isOne = detector.threshold === detector.abortThreshold;
  const text = editYaml(file, readFileSync(file, "utf8"), [
    { key: "threshold", value: isOne ? threshold : pair, flow: true },
    { key: "calibration", value: calibrationOf(parts, { change, assessment, detector }) },
  ]);
  loadOne(parts, id, text);
  replaceFile(file, text);
  return { detector: id, file, before: detector.threshold, threshold };
}

/** Without a binding: what a calibration was bound to does not matter, it is about to be replaced. */
function loadOne(parts: WriterParts, id: string, text?: string): LoadedDetector {
  const { folder, kinds, context, binding } = parts;
  const reading = { folder, kinds, only: id, ...(text === undefined ? {} : { readText: () => text }) };
  const resolving = { kinds, context, binding: text === undefined ? null : binding };
  const [detector] = resolveDetectors(readDefinitions(reading), resolving);
  if (detector !== undefined) return detector;
  throw new GatewayError(
    "not_found",
    `There is no ${id}.yaml in ${folder}: a combination has its threshold in the policy.`,
  );
}

interface Grounds {
  readonly change: ThresholdChange;
  readonly assessment: Assessment;
  readonly detector: LoadedDetector;
}

/** What the earlier calibration knows of holds and likelihoods stays: neither depends on the threshold. */
function calibrationOf({ binding }: WriterParts, { change, assessment, detector }: Grounds): object {
  const { scores, verdicts, from, to, proposal } = assessment;
  const sorted = Float64Array.from(scores).sort();
  const at = (share: number): number => round(quantile(sorted, share));
  const days = `${dayOf(from)} to ${dayOf(to)}`;
  const earlier: Calibration = detector.calibration;
  const kept = earlier.status === "calibrated" ? earlier : undefined;
  return {
    status: "calibrated",
    data: `${scores.length} replies of the score log of ${days} with ${verdicts} verdicts; written by ${change.reviewer} on ${new Date(change.at).toISOString()}`,
    false_alarm_rate: change.rate,
    replies: scores.length,
    upper_bound: roundUp(proposal.falseAlarms ?? 1, 4),
    ...(kept?.hold_tokens === undefined ? {} : { hold_tokens: kept.hold_tokens }),
    percentiles: { "50": at(0.5), "90": at(0.9), "99": at(0.99), "99.9": at(0.999) },
    ...(kept?.likelihood === undefined ? {} : { likelihood: kept.likelihood }),
    ...bindingFields(bindingFor(detector.reads, binding)),
  };
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

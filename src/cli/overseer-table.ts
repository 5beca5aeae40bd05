import { basename } from "node:path";
import type { Interval } from "../evaluation/evaluation.ts";
import { tableLines } from "../evaluation/evaluation-lines.ts";
import type { Leak } from "../evaluation/leak.ts";
import { countText, decimalText, intervalText, scoreText, shareText } from "../evaluation/number-text.ts";
import { visibleText } from "../visible-text.ts";
import type { OverseerCosts } from "./overseer-costs.ts";
import type { Comparison, OverseerReport } from "./overseer-run.ts";
import { formatEstimate } from "./statistics.ts";

const NONE = "–";

/** What the comparison cannot say, whatever came out. */
export const LIMITS = [
  "What this does not show: how a larger judge would do. It reads better and costs more; this one is the served model itself, asked one question",
  "in one wording, without a written deliberation. Rows like those that a detector learned from flatter it, and other traffic has other replies.",
];

/** The report for a terminal: each detector beside the judge, then costs side by side, then what it does not show. */
export function overseerLines(report: OverseerReport): string[] {
  const { model, precision, data, choosing, scored, seed, replyTokens, holdTokens, detectors, costs } = report;
  const count = ({ positives, negatives }: OverseerReport["scored"]): string =>
    `${positives + negatives} rows (${positives} with the concept)`;
  return [
    `${model}, ${precision} precision; ${data.map(({ file }) => basename(file)).join(", ")}`,
    `thresholds chosen on ${count(choosing)}, figures of ${count(scored)}, no group on both sides; seed ${seed}; 95 % intervals`,
    `replies of at most ${replyTokens} tokens where the row has none; hold_tokens ${holdTokens}`,
    ...detectors.flatMap(comparisonLines),
    "",
    ...costLines(costs, detectors.length),
    "",
    ...LIMITS,
  ];
}

function comparisonLines({ detector, description, question, learnedFrom, byDetector, byJudge }: Comparison): string[] {
  const share = (value: number): string => shareText(value);
  const sides = (name: string, of: (side: Comparison["byDetector"]) => string) => [name, of(byDetector), of(byJudge)];
  const notes = learnedFrom.map(
    (file) => `  note: ${detector} learned from ${basename(file)}; on new rows it does worse`,
  );
  return [
    "",
    visibleText(`${detector}: ${description}`),
    visibleText(`  the judge is asked: ${question}`),
    ...notes,
    ...tableLines([
      ["", "detector", "text judge"],
      sides("threshold", ({ threshold }) => scoreText(threshold)),
      sides("AUROC", ({ auroc }) => intervalText(auroc, decimalText)),
      sides("recall", ({ recall }) => intervalText(recall, share)),
      sides("false alarms", ({ falseAlarms }) => intervalText(falseAlarms, share)),
      sides("tokens that left a caught reply, median", ({ leak }) => ofTokens(leak, leak.median)),
      sides("  mean", ({ leak }) => ofTokens(leak, leak.mean)),
      sides("tokens that left any reply with the concept, mean", ({ leak }) => tokensText(leak.everyMean)),
      ["  held back until it is judged", NONE, tokensText(byJudge.heldBack.everyMean)],
    ]),
  ];
}

function ofTokens({ stoppedTokens }: Leak, left: Interval | null): string {
  return left === null || stoppedTokens === null ? "none caught" : `${tokensText(left)} of ${countText(stoppedTokens)}`;
}

function tokensText(tokens: Interval): string {
  return intervalText(tokens, countText);
}

function costLines(costs: OverseerCosts, detectors: number): string[] {
  const one = detectors === 1;
  return [
    `costs, medians with 95 % intervals over loads; a reply takes ${formatEstimate(costs.replyMs, 0)} ms without oversight, ${formatEstimate(costs.decodeMs, 2)} ms a token`,
    ...tableLines([
      ["", one ? "the detector" : `${detectors} detectors together`, "one question to the judge"],
      ["more a reply, ms", formatEstimate(costs.detectorsMs, 1), formatEstimate(costs.judgeMs, 1)],
      ["more a token of it, ms", formatEstimate(costs.detectorsTokenMs, 2), NONE],
      ["share of making the reply", formatEstimate(costs.detectorsShare, 3), formatEstimate(costs.judgeShare, 3)],
      ...(one ? [] : [[`all ${detectors} questions`, NONE, formatEstimate(costs.questionsShare, 3)]]),
      ["first token later, held back until judged, ms", NONE, formatEstimate(costs.heldBackMs, 0)],
    ]),
  ];
}

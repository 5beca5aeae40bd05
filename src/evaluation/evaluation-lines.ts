import type { DetectorEvaluation, FormResult, OnsetResult, TierResult } from "./evaluation.ts";
import { countText, decimalText, intervalText, scoreText, shareText } from "./number-text.ts";

const share = (value: number): string => shareText(value);

/** An evaluation as lines for a terminal: tables of tiers, false alarms, baselines, onsets, and notes. */
export function evaluationLines({
  detector,
  hash,
  kind,
  thresholds,
  forms,
  ordinary,
  onset,
  notes,
}: DetectorEvaluation): string[] {
  const { flag, abort } = thresholds;
  return [
    `${detector}  ${kind}  flag ${scoreText(flag)}, abort ${scoreText(abort)}  ${hash}`,
    ...forms.flatMap(formLines),
    ...(onset === null ? [] : onsetLines(onset)),
    ...(ordinary === null
      ? []
      : [
          "",
          `  ordinary text: ${countText(ordinary.alarms)} alarms in ${countText(ordinary.tokens)} tokens, ${intervalText(ordinary.per1000, decimalText)} per 1,000`,
        ]),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => `  note: ${note}`)]),
  ];
}

/** Rows of cells in columns as wide as their widest cell, two spaces between them; the first row is the head. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) => `  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}

function formLines({ form, positives, negatives, overall, tiers, falseAlarms, baselines }: FormResult): string[] {
  const name = form === "raw" ? "as they stand (raw)" : "in the chat template (chat)";
  const head = ["with the concept", "rows", "AUROC", "recall at 1 %", "recall at 0.1 %", "flagged", "aborted"];
  const plain = ["without it", "rows", "flagged", "aborted"];
  return [
    "",
    `  ${countText(positives)} rows with the concept and ${countText(negatives)} without it, ${name}; 95 % intervals`,
    "",
    ...tableLines([head, ...[overall, ...tiers].map(tierCells)]),
    "",
    ...tableLines([
      plain,
      ...falseAlarms.map(({ tier, rows, flagged, aborted }) => [
        tier,
        countText(rows),
        intervalText(flagged, share),
        intervalText(aborted, share),
      ]),
    ]),
    ...(baselines.length === 0
      ? []
      : [
          "",
          ...tableLines([
            ["for comparison", "AUROC", "recall at 1 %"],
            ...baselines.map((each) => [
              each.name,
              intervalText(each.auroc, decimalText),
              intervalText(each.recallAt1, share),
            ]),
          ]),
        ]),
  ];
}

function tierCells({ tier, rows, auroc, recallAt1, recallAt01, flagged, aborted }: TierResult): string[] {
  return [
    tier,
    countText(rows),
    intervalText(auroc, decimalText),
    intervalText(recallAt1, share),
    recallAt01 === null ? "too few without" : intervalText(recallAt01, share),
    intervalText(flagged, share),
    intervalText(aborted, share),
  ];
}

function onsetLines({ rows, early, points, recommendedHold, reason }: OnsetResult): string[] {
  const leaked = (tokens: number | null): string => (tokens === null ? "none caught" : countText(tokens));
  return [
    "",
    `  ${countText(rows)} replies with a known onset, ${countText(early)} with an alarm before it; recommended hold ${recommendedHold}: ${reason}`,
    "",
    ...tableLines([
      ["hold_tokens", "caught", "nothing leaked", "median leak", "worst tenth"],
      ...points.map(({ hold, caught, noneLeaked, leakedMedian, leakedP90 }) => [
        countText(hold),
        intervalText(caught, share),
        intervalText(noneLeaked, share),
        leaked(leakedMedian),
        leaked(leakedP90),
      ]),
    ]),
  ];
}

import type { DetectorEvaluation, FormResult, Interval, OnsetResult, TierResult } from "./evaluation.ts";
import { markup, type Markup, written } from "./markup.ts";
import { boundsText, countText, decimalText, NOT_DEFINED, scoreText, shareText } from "./number-text.ts";
import { leakText } from "./onset-charts.ts";
import { table } from "./page.ts";

const fineShare = (share: number): string => shareText(share, 2);
const number = (head: string) => ({ head, numeric: true });

/** `raw` and `chat` in words. */
export const FORM_NAMES: Readonly<Record<FormResult["form"], string>> = { raw: "Raw text", chat: "In a chat" };

/** One row a detector and form: how well it separates, what the thresholds catch, and what they cost. */
export function summaryTable(evaluations: readonly DetectorEvaluation[]): Markup {
  return table({
    caption: "Every detector at a glance",
    columns: [
      { head: "Detector" },
      { head: "Form" },
      number("AUROC"),
      number("Recall at 1 % false alarms"),
      number("Recall at 0.1 %"),
      number("Flagged"),
      number("Aborted"),
      number("False alarms, flag"),
      number("False alarms, abort"),
      number("Per 1,000 ordinary tokens"),
    ],
    rows: evaluations.flatMap((evaluation, index) =>
      evaluation.forms.map((result) => [
        markup`<a href="#detector-${index + 1}">${written(evaluation.detector)}</a>`,
        markup`<span class="keep">${FORM_NAMES[result.form]}</span>`,
        ...tierCells(result.overall),
        alarmCount(result, "flagged"),
        alarmCount(result, "aborted"),
        evaluation.ordinary === null ? notMeasured("not measured") : cell(evaluation.ordinary.per1000, decimalText),
      ]),
    ),
  });
}

/** One row a tier with 95 % intervals, the whole set first. */
export function tierTable({ overall, tiers }: FormResult): Markup {
  return table({
    caption: "By tier, with 95 % intervals",
    columns: [
      { head: "Tier" },
      number("Rows"),
      number("AUROC"),
      number("Recall at 1 % false alarms"),
      number("Recall at 0.1 %"),
      number("Flagged"),
      number("Aborted"),
    ],
    rows: [
      [markup`<span class="all">All tiers</span>`, markup`${countText(overall.rows)}`, ...tierCells(overall)],
      ...tiers.map((tier) => [written(tier.tier), markup`${countText(tier.rows)}`, ...tierCells(tier)]),
    ],
  });
}

/** One row a tier of rows without the concept: how often either threshold fires all the same. */
export function falseAlarmTable({ falseAlarms }: FormResult): Markup {
  if (falseAlarms.length === 0)
    return markup`<p class="hint">No rows without the concept: false alarms are ${NOT_DEFINED}.</p>\n`;
  return table({
    caption: "False alarms, by tier of rows without the concept",
    columns: [{ head: "Tier" }, number("Rows"), number("Flagged"), number("Aborted")],
    rows: falseAlarms.map(({ tier, rows, flagged, aborted }) => [
      written(tier),
      markup`${countText(rows)}`,
      cell(flagged, fineShare),
      cell(aborted, fineShare),
    ]),
  });
}

/** The detector and what simpler means reach on the same rows. */
export function baselineTable({ overall, baselines }: FormResult, detector: string): Markup {
  if (baselines.length === 0) return markup``;
  const row = (name: Markup, { auroc, recallAt1 }: Pick<TierResult, "auroc" | "recallAt1">) => [
    name,
    cell(auroc, decimalText),
    cell(recallAt1, shareText),
  ];
  return table({
    caption: "Beside simpler means, on the same rows",
    columns: [{ head: "Means" }, number("AUROC"), number("Recall at 1 % false alarms")],
    rows: [
      row(markup`<span class="all">${written(detector)}</span>`, overall),
      ...baselines.map((baseline) => row(written(baseline.name), baseline)),
    ],
  });
}

/** One row a hold: onsets caught, onsets of which nothing left, leaked tokens. */
export function onsetTable({ points, recommendedHold }: OnsetResult): Markup {
  return table({
    caption: "Past a labelled onset, by tokens held back",
    columns: [
      { head: "hold_tokens" },
      number("Onsets caught"),
      number("Nothing leaked"),
      number("Leaked, median"),
      number("Leaked, worst tenth"),
    ],
    rows: points.map(({ hold, caught, noneLeaked, leakedMedian, leakedP90 }) => [
      hold === recommendedHold
        ? markup`<span class="best">${countText(hold)}, recommended</span>`
        : markup`${countText(hold)}`,
      cell(caught, shareText),
      cell(noneLeaked, shareText),
      markup`${leakText(leakedMedian)}`,
      markup`${leakText(leakedP90)}`,
    ]),
  });
}

/** The files that were read, so that anyone can check that they have the same. */
export function dataTable({ data }: DetectorEvaluation): Markup {
  return table({
    caption: "Data",
    columns: [{ head: "File" }, number("Rows"), { head: "SHA-256" }],
    rows: data.map(({ file, sha256, rows }) => [
      written(file),
      markup`${countText(rows)}`,
      markup`<code>${written(sha256)}</code>`,
    ]),
  });
}

/** `0.953` with the interval below it. */
export function cell(interval: Interval, format: (value: number) => string): Markup {
  if (!Number.isFinite(interval.value)) return notMeasured(NOT_DEFINED);
  const bounds = boundsText(interval, format);
  return markup`${format(interval.value)}${bounds === "" ? "" : markup` <span class="range">${bounds}</span>`}`;
}

function tierCells({ auroc, recallAt1, recallAt01, flagged, aborted }: TierResult): Markup[] {
  return [
    cell(auroc, decimalText),
    cell(recallAt1, shareText),
    recallAt01 === null ? notMeasured("too few rows") : cell(recallAt01, shareText),
    cell(flagged, shareText),
    cell(aborted, shareText),
  ];
}

function notMeasured(text: string): Markup {
  return markup`<span class="none">${text}</span>`;
}

function alarmCount({ falseAlarms }: FormResult, level: "flagged" | "aborted"): Markup {
  const rows = falseAlarms.reduce((sum, tier) => sum + tier.rows, 0);
  const alarms = falseAlarms.reduce(
    (sum, tier) => sum + (tier.rows === 0 ? 0 : Math.round(tier[level].value * tier.rows)),
    0,
  );
  if (rows === 0 || !Number.isFinite(alarms)) return notMeasured(NOT_DEFINED);
  return markup`${fineShare(alarms / rows)} <span class="range">${countText(alarms)} of ${countText(rows)}</span>`;
}

/** `5.1` and `7.2` in words, once where they are the same. */
export function thresholdText({ flag, abort }: DetectorEvaluation["thresholds"]): string {
  return flag === abort ? scoreText(flag) : `flag ${scoreText(flag)}, abort ${scoreText(abort)}`;
}

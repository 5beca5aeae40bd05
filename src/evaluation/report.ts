import type { DetectorEvaluation, FormResult, OnsetResult } from "./evaluation.ts";
import { intervalChart, type IntervalRow } from "./interval-chart.ts";
import { markup, type Markup, written } from "./markup.ts";
import { mistakeList } from "./mistakes.ts";
import { boundsText, countText, decimalText, scoreText, shareText } from "./number-text.ts";
import { caughtChart, delayChart, leakChart } from "./onset-charts.ts";
import { facts, figure, renderPage } from "./page.ts";
import {
  baselineTable,
  dataTable,
  falseAlarmTable,
  FORM_NAMES,
  onsetTable,
  summaryTable,
  thresholdText,
  tierTable,
} from "./report-tables.ts";
import { histogramChart, rocChart } from "./separation-charts.ts";

const wholeShare = (share: number): string => shareText(share, 0);

/**
 * The evaluations as one HTML document that needs no script and no network. The same input gives the same bytes; every
 * text in it is escaped. `createdAt` is written as it stands.
 */
export function renderReport(
  evaluations: readonly DetectorEvaluation[],
  about: { readonly title: string; readonly createdAt: string },
): string {
  const entries = evaluations.map(
    ({ detector }, index) => markup`<li><a href="#detector-${index + 1}">${written(detector)}</a></li>`,
  );
  const head = markup`<p class="lead">${countText(evaluations.length)} ${evaluations.length === 1 ? "detector" : "detectors"}, evaluated ${written(about.createdAt)}. Ranges are 95 % intervals: with other rows of the same sort, the true value would lie in such a range 19 times in 20.</p>
<nav aria-label="Detectors"><ul>${entries}</ul></nav>`;
  const body = markup`${summarySection(evaluations)}${evaluations.map(detectorSection)}`;
  return renderPage({ title: about.title, head, body });
}

function summarySection(evaluations: readonly DetectorEvaluation[]): Markup {
  if (evaluations.length === 0)
    return markup`<section><h2>Summary</h2><p class="hint">No detector was evaluated.</p></section>`;
  return markup`<section id="summary"><h2>Summary</h2>
<p class="hint">AUROC: how often a row with the concept outscores one without it; 0.5 is chance, 1 is perfect. Recall: the share of rows with the concept that is found. Flagged and aborted: the same at the thresholds as they are set. False alarms: the share of rows without the concept that fires all the same.</p>
${summaryTable(evaluations)}
${ordinaryFigure(evaluations)}
</section>
`;
}

function ordinaryFigure(evaluations: readonly DetectorEvaluation[]): Markup {
  const rows = evaluations.flatMap(({ detector, ordinary }): IntervalRow[] =>
    ordinary === null ? [] : [{ name: detector, interval: ordinary.per1000, look: "plain" }],
  );
  if (rows.length < 2) return markup``;
  const chart = intervalChart({ rows, what: "false alarms per 1,000 tokens", format: (rate) => decimalText(rate, 2) });
  const sentence =
    "How often each detector fires on text that has nothing to do with its concept: the further left, the quieter.";
  return markup`<div class="figures one">${figure({ title: "False alarms on ordinary text", chart, sentence })}</div>`;
}

function detectorSection(evaluation: DetectorEvaluation, index: number): Markup {
  const { onset, ordinary, notes } = evaluation;
  const noted = notes.map((note) => markup`<li>${written(note)}</li>`);
  return markup`<section class="detector" id="detector-${index + 1}"><h2>${written(evaluation.detector)}</h2>
<p class="about">${written(evaluation.description)}</p>
${facts([
  ["Kind", written(evaluation.kind)],
  ["Thresholds", markup`${thresholdText(evaluation.thresholds)}`],
  ["Model", written(evaluation.model)],
  ["Precision", written(evaluation.precision)],
  ["Hash", markup`<code>${written(evaluation.hash)}</code>`],
])}
${notes.length === 0 ? "" : markup`<ul class="notes">${noted}</ul>`}
${evaluation.forms.map((result) => formPart(evaluation, result))}
${onset === null ? "" : onsetPart(onset)}
${ordinary === null ? "" : ordinaryPart(ordinary)}
${dataTable(evaluation)}
</section>
`;
}

function formPart({ detector, thresholds }: DetectorEvaluation, result: FormResult): Markup {
  const mistakes = ([0, 1] as const).map((label) => mistakeList({ label, mistakes: result.mistakes, thresholds }));
  return markup`<h3>${FORM_NAMES[result.form]} <small>${countText(result.positives)} rows with the concept, ${countText(result.negatives)} without</small></h3>
<div class="figures">
${figure({
  title: "Recall over false alarms",
  chart: rocChart(result),
  sentence:
    "Each point is a possible threshold: the higher the curve on the left, the more is found at few false alarms. Dotted: guessing. In the grey band there are too few rows to tell.",
})}${figure({
    title: "Where the scores lie",
    chart: histogramChart(result, thresholds),
    legend: [
      ["positive", "with the concept"],
      ["negative", "without"],
      ["flag", `flag ${scoreText(thresholds.flag)}`],
      ["abort", `abort ${scoreText(thresholds.abort)}`],
    ],
    sentence:
      "What is blue and left of a line is missed, what is grey and right of it is a false alarm. Heights grow with the square root, so that rare scores show.",
  })}${figure({
    title: "Recall at 1 % false alarms, by tier",
    chart: recallChart(result),
    legend: [
      ["dot", "this detector"],
      ...(result.baselines.length === 0 ? [] : ([["baseline", "simpler means, all tiers"]] as const)),
    ],
    sentence:
      "The share that is found when one in a hundred rows without the concept may fire. Where two lines overlap widely, the difference may be chance.",
  })}</div>
${tierTable(result)}<div class="pair">${falseAlarmTable(result)}${baselineTable(result, detector)}</div>
<div class="pair">${mistakes}</div>
`;
}

function recallChart({ overall, tiers, baselines }: FormResult) {
  const rows: IntervalRow[] = [
    { name: "All tiers", interval: overall.recallAt1, look: "main" },
    ...baselines.map(({ name, recallAt1 }) => ({ name, interval: recallAt1, look: "baseline" as const })),
    ...tiers.map(({ tier, recallAt1 }) => ({ name: tier, interval: recallAt1, look: "plain" as const })),
  ];
  return intervalChart({ rows, what: "recall", format: wholeShare, most: 1 });
}

function onsetPart(onset: OnsetResult): Markup {
  return markup`<h3>Past an onset <small>${countText(onset.rows)} replies in which the concept begins at a known token, ${countText(onset.early)} with an alarm before it</small></h3>
<p class="about">Recommended hold: <b>${countText(onset.recommendedHold)} tokens</b>. ${written(onset.reason)}</p>
<div class="figures">
${figure({
  title: "Onsets caught",
  chart: caughtChart(onset),
  legend: [
    ["dot", "caught"],
    ["baseline", "caught, and nothing leaked"],
    ["flag", `recommended: ${countText(onset.recommendedHold)}`],
  ],
  sentence:
    "Holding tokens back gives the detector time: the grey line says how often nothing of the concept had left when it fired.",
})}${figure({
    title: "Tokens that leaked",
    chart: leakChart(onset),
    legend: [
      ["dot", "median"],
      ["baseline", "worst tenth"],
      ["flag", `recommended: ${countText(onset.recommendedHold)}`],
    ],
    sentence: "How much had left past the onset before the alarm, among the onsets that were caught: lower is better.",
  })}${figure({
    title: "How late the alarms come",
    chart: delayChart(onset),
    sentence:
      "Each bar counts the alarms that came so many tokens after the onset: a hold as long as the delay lets nothing out.",
  })}</div>
${onsetTable(onset)}`;
}

function ordinaryPart({ text, tokens, alarms, per1000 }: NonNullable<DetectorEvaluation["ordinary"]>): Markup {
  const bounds = boundsText(per1000, decimalText);
  return markup`<h3>Ordinary text</h3>
<p class="about"><b>${decimalText(per1000.value)}</b> false alarms per 1,000 tokens${bounds === "" ? "" : ` (${bounds})`}: ${countText(alarms)} in ${countText(tokens)} tokens of ${written(text)}.</p>
`;
}

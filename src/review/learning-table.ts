import { visibleText } from "../visible-text.ts";
import type { Proposal } from "./proposal-list.ts";
import type { Estimate } from "./recall.ts";
import type { DetectorStatistics, Statistics } from "./statistics.ts";

/** What `lensgate review stats` prints. */
export function formatStatistics({ perDetector, agreement, throughput, ...rest }: Statistics): string {
  const lines = perDetector.flatMap(
    ({ detector, replies, flagged, reviewed, sampled, precision, recall, ...joined }) => [
      `${visibleText(detector, true)}: ${replies} replies, ${flagged} flagged (${reviewed} with a verdict), ${sampled} drawn`,
      ...formatJoined(joined),
      `  precision  ${formatShare(precision)}`,
      `  recall     ${formatShare(recall)}`,
    ],
  );
  const kappa = agreement?.kappa === null || agreement === null ? "" : `, kappa ${agreement.kappa.toFixed(2)}`;
  const decided = throughput.reduce((sum, day) => sum + day.decided, 0);
  const { waiting, oldestWaitingMs, medianWaitMs } = rest;
  return [
    ...(lines.length === 0 ? ["no reply was judged in this time"] : lines),
    agreement === null
      ? "agreement: no item has two opinions"
      : `agreement: ${agreement.percent.toFixed(0)} % of ${agreement.pairs}${kappa}`,
    `${waiting} waiting, the oldest for ${minutes(oldestWaitingMs)}; ${decided} verdicts in ${throughput.length} days, median wait ${medianWaitMs === null ? "unknown" : minutes(medianWaitMs)}`,
  ].join("\n");
}

function formatJoined({ carried, flooded }: Pick<DetectorStatistics, "carried" | "flooded">): string[] {
  return [
    ...(carried === 0 ? [] : [`  alike      ${carried} have the verdict of an item that they joined`]),
    ...(flooded === 0 ? [] : [`  flood      ${flooded} joined an item with other texts and stay without a verdict`]),
  ];
}

/** What `lensgate review propose` prints of one detector. */
export function formatProposal(proposal: Proposal): string {
  const { detector, current, proposed, rate, verdicts, replies, falseAlarms, caveats } = proposal;
  const bound = falseAlarms === null ? "" : `, at most ${percent(falseAlarms)} at 95 % confidence`;
  return [
    `${visibleText(detector, true)}: ${current} → ${proposed ?? "no proposal"} for false alarms on ${percent(rate)} of replies${bound}`,
    `  alarms     ${formatShare(proposal.alarmsNow)} → ${formatShare(proposal.alarmsThen)}`,
    `  recall     ${formatShare(proposal.recallNow)} → ${formatShare(proposal.recallThen)}`,
    `  from       ${verdicts} verdicts, ${replies} replies`,
    ...caveats.map((caveat) => `  but        ${caveat}`),
  ].join("\n");
}

function formatShare(estimate: Estimate | null): string {
  if (estimate === null) return "unknown";
  const { point, lower, upper } = estimate;
  return `${percent(point)} [${percent(lower)}, ${percent(upper)}]`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`;
}

import { distinctRepliesNeeded } from "../training/rates.ts";
import type { DetectorRecord } from "./detector-records.ts";
import { proposeThreshold, type ThresholdProposal } from "./proposals.ts";
import type { Estimate } from "./recall.ts";

/** A threshold for one detector, what it would change, and what the verdicts cannot show. */
export interface Proposal {
  readonly detector: string;
  /** The threshold for flags that holds now. */
  readonly current: number;
  /** Null where the replies cannot carry the rate. */
  readonly proposed: number | null;
  /** The false-alarm rate asked for, a share of replies without the concept. */
  readonly rate: number;
  /** Shares of replies that alarm. */
  readonly alarmsNow: Estimate;
  readonly alarmsThen: Estimate;
  readonly recallNow: Estimate | null;
  readonly recallThen: Estimate | null;
  /** How many answers it rests on, and over how many replies. */
  readonly verdicts: number;
  readonly replies: number;
  /** With 95 % confidence the false-alarm rate at the proposed threshold is at most this. */
  readonly falseAlarms: number | null;
  readonly caveats: readonly string[];
}

/** Which detectors are asked for, and at which rate. */
export interface ProposalOptions {
  readonly rate: number;
  readonly currentOf: (detector: string) => number | null;
  readonly only?: readonly string[];
}

/** Answers below which a number is said to rest on few. */
const FEW_ANSWERS = 30;
/** A recall interval at least this wide says little. */
const WIDE = 0.5;

/** Proposes for every detector whose threshold is known. `pause` runs between two of them. */
export async function listProposals(
  records: readonly DetectorRecord[],
  { rate, currentOf, only }: ProposalOptions,
  pause: () => Promise<void> = async () => undefined,
): Promise<Proposal[]> {
  const proposals: Proposal[] = [];
  for (const record of records) {
    const current = currentOf(record.detector);
    if (current === null || only?.includes(record.detector) === false) continue;
    proposals.push(assessThreshold(record, { current, rate }));
    await pause();
  }
  return proposals.sort((left, right) => (left.detector < right.detector ? -1 : 1));
}

/** The proposal for one detector, or what a threshold that someone chose would do. */
export function assessThreshold(
  record: DetectorRecord,
  choice: { readonly current: number; readonly rate: number; readonly threshold?: number },
): Proposal {
  const { current, rate } = choice;
  const proposal = proposeThreshold(record, choice);
  return {
    detector: record.detector,
    current,
    rate,
    ...proposal,
    verdicts: record.reviewed + record.sampledReviewed,
    replies: record.every.length,
    caveats: caveatsOf({ record, current, rate }, proposal),
  };
}

interface Basis {
  readonly record: DetectorRecord;
  readonly current: number;
  readonly rate: number;
}

function caveatsOf(basis: Basis, proposal: ThresholdProposal): string[] {
  const { record } = basis;
  const open = record.flagged - record.reviewed;
  const answers = record.reviewed + record.sampledReviewed;
  return [
    ...rateCaveats(basis, proposal),
    ...(answers < FEW_ANSWERS ? [`${answers} verdicts are few: each one moves these numbers`] : []),
    ...(open > 0
      ? [
          `${open} of ${record.flagged} flagged replies have no verdict: where none of a score has, all count as false alarms`,
        ]
      : []),
    ...recallCaveats(record, proposal),
    ...unsureCaveats(record),
    ...(record.flaggedByOthers > 0
      ? [
          `${record.flaggedByOthers} replies that only other detectors flagged are left out: nobody was asked about this one there`,
        ]
      : []),
    ...(record.otherDefinition > 0
      ? [`${record.otherDefinition} replies were judged by an earlier definition and are left out`]
      : []),
    "verdicts are taken as right, and the replies to come as like those of the window",
  ];
}

function unsureCaveats({ unsure }: DetectorRecord): string[] {
  if (unsure === 0) return [];
  const who = unsure === 1 ? "1 verdict is unsure and counts" : `${unsure} verdicts are unsure and count`;
  return [`${who} either way: escalated and settled, ${unsure === 1 ? "it" : "they"} would narrow the intervals`];
}

function rateCaveats({ record, current, rate }: Basis, { proposed }: ThresholdProposal): string[] {
  if (proposed === null) {
    return [
      `a false-alarm rate of ${rate} at 95 % confidence needs ${distinctRepliesNeeded(rate, 0.95)} replies, there are ${record.every.length}`,
    ];
  }
  if (proposed >= current) return [];
  return [
    "the proposed threshold is below the present one: between the two only drawn replies were looked at, and the others count as false alarms",
  ];
}

function recallCaveats({ sampled, sampledReviewed }: DetectorRecord, { recallThen }: ThresholdProposal): string[] {
  if (recallThen === null) {
    if (sampled === 0) return ["no replies were drawn for review (review.sample): nothing is known of what is missed"];
    return [
      `${sampledReviewed} of ${sampled} drawn replies have a verdict, none of them clear: nothing is known of what is missed`,
    ];
  }
  if (recallThen.upper - recallThen.lower < WIDE) return [];
  return [`${sampledReviewed} verdicts on drawn replies leave recall nearly open: a larger review.sample narrows it`];
}

import { quantile } from "../evaluation/bootstrap.ts";
import type { QueueStats, ReviewQueue } from "../queue/queue.ts";
import type { DecisionStore, ReviewDecision, ScoreLog } from "../trace/stores.ts";
import { recordsOf, type DetectorRecord } from "./detector-records.ts";
import type { ScoreRow } from "../trace/trace.ts";
import {
  agreementOf,
  createVerdictReader,
  outcomesOf,
  throughputOf,
  type Agreement,
  type DayCount,
} from "./verdict-record.ts";
import { assessThreshold, listProposals, type Proposal } from "./proposal-list.ts";
import { estimatePrecision, estimateRecall, type Estimate } from "./recall.ts";
import { createRowWindow } from "./row-window.ts";

/** One detector as reviewers have found it. */
export interface DetectorStatistics {
  readonly detector: string;
  /** Replies that it flagged, and of those the reviewed ones. */
  readonly flagged: number;
  readonly reviewed: number;
  /** Of the reviewed ones, those that are alike to one with the verdict; and flagged ones that joined a flood's item, of which nobody will say anything. */
  readonly carried: number;
  readonly flooded: number;
  readonly precision: Estimate | null;
  readonly recall: Estimate | null;
  /** Replies that it judged, and replies that were drawn for it. */
  readonly replies: number;
  readonly sampled: number;
}

/** What the statistics page and `lensgate review stats` show. */
export interface Statistics {
  readonly perDetector: readonly DetectorStatistics[];
  readonly agreement: Agreement | null;
  /** The last 14 days. */
  readonly throughput: readonly DayCount[];
  readonly waiting: number;
  readonly oldestWaitingMs: number;
  /** From the end of a reply to the first verdict on it, over the window; null without verdicts. */
  readonly medianWaitMs: number | null;
}

/** What the numbers are computed from. */
export interface StatisticsParts {
  readonly scores: Pick<ScoreLog, "list">;
  readonly decisions: Pick<DecisionStore, "page">;
  readonly queue: Pick<ReviewQueue, "stats" | "joined">;
  /** How far back score rows count. */
  readonly windowMs: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Computes over a window of score rows; rows and verdicts read once are kept, so that a later call reads the new ones alone. */
export interface StatisticsReader {
  read(): Promise<Statistics>;
  /** The same, or what was computed at most so long ago. */
  readRecent(maxAgeMs: number): Promise<Statistics>;
  /** One for each detector, or for those named. `currentOf` knows the threshold for flags that holds now. */
  propose(options: {
    readonly rate: number;
    readonly currentOf: (detector: string) => number | null;
    readonly only?: readonly string[];
  }): Promise<Proposal[]>;
  /** What a given threshold would do; undefined for a detector without replies. */
  assess(choice: {
    readonly detector: string;
    readonly rate: number;
    readonly current: number;
    readonly threshold: number;
  }): Promise<Assessment | undefined>;
  /** How long each verdict took that has come since the last call, in milliseconds; the first call returns none. */
  newWaits(): Promise<number[]>;
}

/** A proposal of a threshold that someone chose, with what its calibration is made of. */
export interface Assessment {
  readonly proposal: Proposal;
  /** Hash of the definition whose scores these are. */
  readonly hash: string;
  /** The largest score of each reply. */
  readonly scores: readonly number[];
  readonly verdicts: number;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

const THROUGHPUT_DAYS = 14;

export function createStatistics({
  scores,
  decisions,
  queue,
  windowMs,
  clock = Date.now,
}: StatisticsParts): StatisticsReader {
  const readRows = createRowWindow({ scores, windowMs, clock });
  const readVerdicts = createVerdictReader(decisions);
  let told: number | undefined;

  const readBoth = async () => ({ rows: await readRows(), verdicts: await readVerdicts() });
  async function load() {
    const { rows, verdicts } = await readBoth();
    const outcomes = outcomesOf(verdicts);
    const open = rows.flatMap(({ flagged, traceId: id }) =>
      flagged && id !== undefined && !outcomes.has(id) ? [id] : [],
    );
    return { rows, verdicts, records: recordsOf(rows, outcomes, await queue.joined(open)) };
  }

  const read = async () => summarise(await load(), await queue.stats(), clock());
  return {
    read,
    readRecent: remembering(read, clock),
    async propose({ rate, currentOf, only }) {
      const { records } = await load();
      return listProposals([...records.values()], { rate, currentOf, ...(only === undefined ? {} : { only }) }, pause);
    },
    async assess(choice) {
      const { rows, records } = await load();
      const record = records.get(choice.detector);
      return record === undefined ? undefined : assess(rows, record, choice);
    },
    async newWaits() {
      const { rows, verdicts } = await readBoth();
      const firsts = firstVerdicts(verdicts);
      const before = told ?? firsts.length;
      told = firsts.length;
      return waitsOf(firsts.slice(before), endTimes(rows));
    },
  };
}

interface Loaded {
  readonly rows: readonly ScoreRow[];
  readonly verdicts: readonly ReviewDecision[];
  readonly records: ReadonlyMap<string, DetectorRecord>;
}

async function summarise({ rows, verdicts, records }: Loaded, queue: QueueStats, now: number): Promise<Statistics> {
  const perDetector: DetectorStatistics[] = [];
  for (const record of records.values()) {
    perDetector.push(describe(record));
    await pause();
  }
  return {
    perDetector: perDetector.sort((left, right) => (left.detector < right.detector ? -1 : 1)),
    agreement: agreementOf(verdicts),
    throughput: throughputOf(verdicts, { now, days: THROUGHPUT_DAYS }),
    waiting: queue.waiting,
    oldestWaitingMs: queue.oldestWaitingMs,
    medianWaitMs: medianOf(waitsOf(firstVerdicts(verdicts), endTimes(rows))),
  };
}

/** A read that takes an earlier answer where that is recent enough. */
function remembering(read: () => Promise<Statistics>, clock: () => number): StatisticsReader["readRecent"] {
  let known: { readonly at: number; readonly statistics: Promise<Statistics> } | undefined;
  return (maxAgeMs) => {
    if (known === undefined || clock() - known.at > maxAgeMs) {
      const statistics = read();
      known = { at: clock(), statistics };
      // A failure is not kept.
      statistics.catch(() => (known = undefined));
    }
    return known.statistics;
  };
}

function assess(
  rows: readonly ScoreRow[],
  record: DetectorRecord,
  choice: { readonly rate: number; readonly current: number; readonly threshold: number },
): Assessment {
  const { detector, hash } = record;
  const proposal = assessThreshold(record, choice);
  const own = rows.filter(({ scores }) => scores.some((each) => each.detector === detector && each.hash === hash));
  const [from, to] = [own.at(-1)?.createdAt ?? 0, own[0]?.createdAt ?? 0];
  return { proposal, hash, scores: record.every.map(({ score }) => score), verdicts: proposal.verdicts, from, to };
}

function describe(record: DetectorRecord): DetectorStatistics {
  const { detector, flagged, reviewed, carried, flooded, replies, sampled } = record;
  const shares = { precision: estimatePrecision(record.fired), recall: estimateRecall(record.drawnTime) };
  return { detector, flagged, reviewed, carried, flooded, ...shares, replies, sampled };
}

/** Lets waiting work go first: an estimate over a large window takes some tens of milliseconds. */
function pause(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function firstVerdicts(verdicts: readonly ReviewDecision[]): ReviewDecision[] {
  const seen = new Set<string>();
  return verdicts.filter(({ traceId, verdict }) => {
    if (verdict === "withdrawn" || seen.has(traceId)) return false;
    seen.add(traceId);
    return true;
  });
}

function endTimes(rows: readonly { readonly traceId?: string; readonly createdAt: number }[]): Map<string, number> {
  return new Map(
    rows.flatMap(({ traceId, createdAt }) => (traceId === undefined ? [] : [[traceId, createdAt] as const])),
  );
}

function waitsOf(firsts: readonly ReviewDecision[], ends: ReadonlyMap<string, number>): number[] {
  return firsts.flatMap(({ traceId, decidedAt }) => {
    const end = ends.get(traceId);
    return end === undefined ? [] : [Math.max(0, decidedAt - end)];
  });
}

function medianOf(waits: readonly number[]): number | null {
  return waits.length === 0 ? null : quantile(Float64Array.from(waits).sort(), 0.5);
}

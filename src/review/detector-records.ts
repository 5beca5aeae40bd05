import type { Joined } from "../queue/queue.ts";
import { judged } from "../trace/sampling.ts";
import type { ScoreRow } from "../trace/trace.ts";
import type { JudgedReply } from "./judged-reply.ts";
import type { Outcome } from "./verdict-record.ts";

/** Score rows and verdicts joined, for one detector or combination as it is defined now. */
export interface DetectorRecord {
  readonly detector: string;
  /** Hash of the definition that the newest row names; rows of other ones are not in here. */
  readonly hash: string;
  /** Replies of the time in which replies were drawn, all that it judged but those that only other detectors flagged. */
  readonly drawnTime: readonly JudgedReply[];
  /** The same at any time; where replies were not drawn, those that nothing flagged count as clear ones without an answer. */
  readonly every: readonly JudgedReply[];
  /** Every reply that it flagged, and every one that it fired on without a flag while replies were drawn. */
  readonly fired: readonly JudgedReply[];
  /** Replies that it judged; of them flagged by it; of these with an answer; drawn for it; of these with an answer. */
  readonly replies: number;
  readonly flagged: number;
  readonly reviewed: number;
  readonly sampled: number;
  readonly sampledReviewed: number;
  /** Answers that were unsure. */
  readonly unsure: number;
  /** Of the answers to flagged replies, those of a verdict on another's item that is alike. */
  readonly carried: number;
  /** Flagged replies without an answer that joined another's item because there were too many: nobody will be asked. */
  readonly flooded: number;
  /** Replies judged by another definition of it, and replies that only other detectors flagged: both are left out. */
  readonly otherDefinition: number;
  readonly flaggedByOthers: number;
}

interface Gathering {
  readonly hash: string;
  readonly drawnTime: JudgedReply[];
  readonly every: JudgedReply[];
  readonly fired: JudgedReply[];
  replies: number;
  flagged: number;
  reviewed: number;
  sampled: number;
  sampledReviewed: number;
  unsure: number;
  carried: number;
  flooded: number;
  otherDefinition: number;
  flaggedByOthers: number;
}

/**
 * Joins rows, newest first, with what the verdicts on each trace come to. A verdict on an item answers for the traces that joined it because they
 * are alike, and for none that joined it because there were too many. An answer counts for the detector that was asked about alone. Which rows were drawn with what
 * probability is in the rows themselves, so that no trace is read.
 */
export function recordsOf(
  rows: readonly ScoreRow[],
  outcomes: ReadonlyMap<string, Outcome>,
  joined: ReadonlyMap<string, Joined> = new Map(),
): Map<string, DetectorRecord> {
  const gathered = new Map<string, Gathering>();
  const standing = createStanding(outcomes, joined);
  for (const row of rows) {
    const { outcome, ...shared } = standing(row.traceId);
    const each = judged(row.scores);
    for (const { detector, hash, score, fired } of each) {
      const record = gathered.get(detector) ?? emptyRecord(hash);
      gathered.set(detector, record);
      if (record.hash !== hash) {
        record.otherDefinition += 1;
        continue;
      }
      record.replies += 1;
      const answer = outcome?.decision.detector === detector ? outcome.answer : null;
      add(record, row, { ...shared, detector, score, fired, answer, judgedBy: each.length });
    }
  }
  return new Map([...gathered].map(([detector, record]) => [detector, { detector, ...record }]));
}

/** What a verdict says of a trace: one on its own item, or on the item of one that is alike. */
function createStanding(outcomes: ReadonlyMap<string, Outcome>, joined: ReadonlyMap<string, Joined>) {
  const owners = new Set([...joined.values()].flatMap(({ item, alike }) => (alike ? [item] : [])));
  return (traceId: string | undefined): Pick<Judgement, "item" | "how"> & { readonly outcome: Outcome | undefined } => {
    if (traceId === undefined) return { outcome: undefined };
    const own = outcomes.get(traceId);
    const place = joined.get(traceId);
    if (own !== undefined || place === undefined)
      return { outcome: own, ...(owners.has(traceId) ? { item: traceId } : {}) };
    if (!place.alike) return { outcome: undefined, how: "flooded" };
    return { outcome: outcomes.get(place.item), item: place.item, how: "carried" };
  };
}

function emptyRecord(hash: string): Gathering {
  const counts = { replies: 0, flagged: 0, reviewed: 0, sampled: 0, sampledReviewed: 0, unsure: 0 };
  const joins = { carried: 0, flooded: 0 };
  return { hash, drawnTime: [], every: [], fired: [], ...counts, ...joins, otherDefinition: 0, flaggedByOthers: 0 };
}

interface Judgement extends Pick<JudgedReply, "score" | "fired" | "answer" | "item"> {
  /** How its trace came to another's item. */
  readonly how?: "carried" | "flooded";
  readonly detector: string;
  /** How many detectors shared the draw. */
  readonly judgedBy: number;
}

function add(record: Gathering, { flagged, sampling }: ScoreRow, judgement: Judgement): void {
  const { detector, score, fired, answer, judgedBy, how } = judgement;
  if (answer === "unsure") record.unsure += 1;
  if (flagged && !fired) {
    record.flaggedByOthers += 1;
    return;
  }
  if (flagged) {
    const shared = judgement.item === undefined || answer === null ? {} : { item: judgement.item };
    const reply: JudgedReply = { score, fired, answer, frame: "flagged", probability: 1, ...shared };
    record.flagged += 1;
    if (answer !== null) record.reviewed += 1;
    if (answer !== null && how === "carried") record.carried += 1;
    if (answer === null && how === "flooded") record.flooded += 1;
    record.every.push(reply);
    record.fired.push(reply);
    if (sampling !== undefined) record.drawnTime.push(reply);
    return;
  }
  if (sampling === undefined) {
    record.every.push({ score, fired, answer: null, frame: "clear", probability: 0 });
    return;
  }
  const frame = sampling.nearDetectors.includes(detector) ? "near" : "clear";
  const isDrawn = sampling.drawn === detector;
  if (isDrawn) record.sampled += 1;
  if (isDrawn && answer !== null) record.sampledReviewed += 1;
  const probability = sampling[frame] / judgedBy;
  const reply: JudgedReply = { score, fired, frame, probability, answer: isDrawn ? answer : null };
  record.every.push(reply);
  record.drawnTime.push(reply);
  if (fired) record.fired.push(reply);
}

import type { ReviewQueue } from "../queue/queue.ts";
import type { DecisionStore, ReviewDecision, ScoreLog, TraceStore } from "../trace/stores.ts";
import { hideRun, leftTrace, toRun, type FoundRun, type KnownRun, type RunSource } from "./found-run.ts";
import { isHidden, mayBeBlind, standingOf } from "./opinions.ts";

/** Every run that is known under an id, newest first. */
export interface FoundRequest {
  readonly id: string;
  /** The gateway that was asked. */
  readonly gateway: string;
  readonly runs: readonly FoundRun[];
  /** Whether there are more than are listed. */
  readonly more: boolean;
}

/** Finds runs by the id of their request or their trace. */
export interface RequestFinder {
  /** `reader` is the reviewer who asks: what blind items hide from them is left out. Without one everything is told. */
  find(id: string, reader?: string): Promise<FoundRequest>;
}

/** Where runs are looked for. */
export interface FinderParts {
  readonly scores: Pick<ScoreLog, "find">;
  readonly traces: Pick<TraceStore, "get">;
  readonly queue: Pick<ReviewQueue, "get" | "itemOf">;
  readonly decisions: Pick<DecisionStore, "list">;
  /** Ids of a request's traces on this disk: a run that was cut off by a crash has no score row. */
  readonly tracesHere: (requestId: string) => Promise<readonly string[]>;
  readonly isErased: (traceId: string) => boolean;
  readonly gatewayId: string;
  /** Share of flagged items that are blind, 0 to 1. */
  readonly blind: number;
}

/** Said where nothing is found. */
export const NOTHING_FOUND =
  "Nothing is known here under this id. The request may be of another desk, still be running, or have been refused before it ran; its scores may have run out, and its trace may never have been kept or be deleted.";

const TRACE_ID = /^tr_[0-9a-f]{32}$/;
/** One id may have been sent with every request. */
const MOST = 100;

/** Makes the finder. */
export function createRequestFinder(parts: FinderParts): RequestFinder {
  return {
    async find(id, reader) {
      const sources = await collect(parts, id);
      const known = await Promise.all(sources.slice(0, MOST).map((source) => look(parts, source)));
      const runs = known.flatMap((each) => (each === undefined ? [] : [show(parts, each, reader)]));
      return { id, gateway: parts.gatewayId, runs: runs.toSorted(byTime), more: sources.length > MOST };
    },
  };
}

async function collect({ scores, tracesHere }: FinderParts, id: string): Promise<RunSource[]> {
  const isTrace = TRACE_ID.test(id);
  const rows = await scores.find({ requestId: id, limit: MOST + 1 });
  if (isTrace) rows.push(...(await scores.find({ traceId: id, limit: 1 })));
  const named = new Set<string | null>();
  const sources: RunSource[] = [];
  for (const found of rows) {
    const traceId = found.row.traceId ?? null;
    if (traceId !== null && named.has(traceId)) continue;
    named.add(traceId);
    sources.push({ traceId, found });
  }
  const others = [...(await tracesHere(id)), ...(isTrace ? [id] : [])].filter((traceId) => !named.has(traceId));
  return [...sources, ...[...new Set(others)].map((traceId) => ({ traceId }))];
}

/** A run, and everything that was said of its item. */
interface LookedUp extends KnownRun {
  readonly said: readonly ReviewDecision[];
}

async function look(parts: FinderParts, source: RunSource): Promise<LookedUp | undefined> {
  const { traceId, found } = source;
  if (traceId === null || (found !== undefined && !leftTrace(found.row)))
    return { ...source, trace: undefined, item: undefined, isErased: false, said: [] };
  const isErased = parts.isErased(traceId);
  const [trace, itemId] = await Promise.all([
    isErased ? undefined : parts.traces.get(traceId),
    parts.queue.itemOf(traceId),
  ]);
  const item = itemId === undefined ? undefined : await parts.queue.get(itemId);
  const said = item === undefined ? [] : await parts.decisions.list(item.traceId);
  const last = item?.state === "decided" ? standingOf(said).last : undefined;
  const verdict = last === undefined || last.verdict === "withdrawn" ? undefined : last.verdict;
  const isKnown = found !== undefined || trace !== undefined || item !== undefined || isErased;
  return isKnown ? { ...source, trace, item, verdict, isErased, said } : undefined;
}

function show({ gatewayId, blind }: FinderParts, known: LookedUp, reader: string | undefined): FoundRun {
  const run = toRun(known, gatewayId);
  return reader !== undefined && isKeptFrom(known, reader, blind) ? hideRun(run) : run;
}

function isKeptFrom({ found, trace, item, isErased, said }: LookedUp, reader: string, blind: number): boolean {
  if (item !== undefined) return isHidden(item, said, reader);
  if (isErased) return false;
  if (trace !== undefined) return mayBeBlind(trace, blind);
  // Another gateway's whose trace has not come to the queue yet.
  if (found === undefined || found.origin === null || !leftTrace(found.row)) return false;
  return !found.row.flagged || blind > 0;
}

function byTime(left: FoundRun, right: FoundRun): number {
  const timeOf = ({ endedAt, startedAt }: FoundRun) => endedAt ?? startedAt ?? 0;
  return timeOf(right) - timeOf(left);
}

import type { EnrichmentConfig } from "../config/review-config.ts";
import type { Logger } from "../log.ts";
import type { WorkQueue } from "../queue/work-queue.ts";
import type { EnrichmentStore, TraceStore } from "../trace/stores.ts";
import type { Trace } from "../trace/trace.ts";
import { failureOf } from "./enrichment.ts";
import { keepReader, ReaderDied, type ReaderKeeper } from "./reader-keeper.ts";
import type { ReaderSettings } from "./reader-settings.ts";

/** What enrichment is made of. */
export interface EnrichmentParts {
  readonly work: WorkQueue;
  readonly traces: Pick<TraceStore, "get">;
  readonly enrichments: EnrichmentStore;
  /** Asked for once a process is needed. */
  readonly settings: () => Promise<ReaderSettings>;
  readonly config: Pick<EnrichmentConfig, "idleExitMs" | "busyWaitMs">;
  /** Whether live traffic is under way. */
  readonly isBusy: () => boolean;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly keeper?: ReaderKeeper;
}

/** What became of traces since the start. */
export interface EnrichmentStatus {
  readonly read: number;
  /** Could not be read again as they were, or ended the process too often. */
  readonly failed: number;
  /** Live firings that were read again, and those of them that fired again. */
  readonly firings: number;
  readonly reproduced: number;
  /** Deaths of the reading process. */
  readonly deaths: number;
  /** Id of the reading process; null while there is none. */
  readonly processId: number | null;
}

/** Reads flagged traces again in a process of its own, one at a time. */
export interface Enrichments {
  /** Queues a trace. */
  add(traceId: string): Promise<void>;
  status(): EnrichmentStatus;
  /** What is read from now on is read with new settings. */
  renew(): void;
  close(): Promise<void>;
}

/** A trace that ends the process so often is given up. */
export const MAX_DEATHS = 3;

const PAUSE_MS = 100;

type Counts = { -readonly [Name in keyof Omit<EnrichmentStatus, "processId">]: number };

/** Starts to take work. Closing ends a re-read under way; it is done again after the next start. */
export function startEnrichment(parts: EnrichmentParts): Enrichments {
  const { work, traces, enrichments, config, log, clock = Date.now } = parts;
  const keeper = parts.keeper ?? keepReader({ settings: parts.settings, idleExitMs: config.idleExitMs, log });
  const counts: Counts = { read: 0, failed: 0, firings: 0, reproduced: 0, deaths: 0 };
  const state: State = { closed: false };

  async function enrich(traceId: string): Promise<void> {
    if ((await enrichments.get(traceId)) !== undefined) return;
    const trace = await traces.get(traceId);
    if (!trace) return log.warn({ traceId }, "there is no trace to read again");
    keeper.warm();
    await waitForPause(parts, state);
    const body = await readAgain(trace, { keeper, counts, state, log, clock });
    await enrichments.put(traceId, clock(), body);
    tally(counts, body);
  }
  const processing = work.process(enrich);

  return {
    add: (traceId) => work.add(traceId),
    renew: () => keeper.renew(),
    status: () => ({ ...counts, processId: keeper.processId ?? null }),
    async close() {
      state.closed = true;
      await keeper.close();
      await processing.close();
    },
  };
}

interface State {
  closed: boolean;
}

interface Reading {
  readonly keeper: ReaderKeeper;
  readonly counts: Counts;
  readonly state: State;
  readonly log: Pick<Logger, "error">;
  readonly clock: () => number;
}

/** Throws when closing came between: the queue keeps what was not done. */
async function readAgain(trace: Trace, { keeper, counts, state, log, clock }: Reading): Promise<string> {
  const { id } = trace.head;
  let cause = "";
  for (let deaths = 0; deaths < MAX_DEATHS; deaths += 1) {
    try {
      return await keeper.read(trace);
    } catch (error) {
      if (state.closed || !(error instanceof ReaderDied)) throw error;
      counts.deaths += 1;
      cause = error.message;
      log.error({ err: error, traceId: id }, "the process that reads traces again died");
    }
  }
  return JSON.stringify(failureOf(id, clock(), `it ended the reading process ${MAX_DEATHS} times (${cause})`));
}

/** Live traffic goes first, for as long as the configuration says. */
async function waitForPause({ isBusy, config }: EnrichmentParts, state: State): Promise<void> {
  for (let waited = 0; isBusy() && waited < config.busyWaitMs && !state.closed; waited += PAUSE_MS) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function tally(counts: Counts, body: string): void {
  const found = JSON.parse(body) as {
    readonly failed?: string;
    readonly reread?: { readonly reproduced: boolean | null }[];
  };
  if (found.failed !== undefined) counts.failed += 1;
  else counts.read += 1;
  const fired = (found.reread ?? []).filter(({ reproduced }) => reproduced !== null);
  counts.firings += fired.length;
  counts.reproduced += fired.filter(({ reproduced }) => reproduced === true).length;
}

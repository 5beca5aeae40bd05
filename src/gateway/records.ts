import type { Config } from "../config.ts";
import type { ReviewHealth } from "../http/options.ts";
import type { Logger } from "../log.ts";
import type { ReviewTallies } from "../metrics.ts";
import { createItemDelivery } from "../queue/delivery.ts";
import { createItemMaker } from "../queue/item-maker.ts";
import type { ReviewQueue } from "../queue/queue.ts";
import { createSettling } from "../queue/settling.ts";
import type { WorkQueue } from "../queue/work-queue.ts";
import { createPump, type Pump } from "../trace/pump.ts";
import { createRecorder, type Recorder } from "../trace/recorder.ts";
import type { Sampler } from "../trace/sampling.ts";
import { stateFolder } from "../trace/state-folder.ts";
import type { AuditLog, DecisionStore, EnrichmentStore, ScoreLog, TraceStore } from "../trace/stores.ts";
import type { Trace } from "../trace/trace.ts";
import { openDesk, type Desk } from "./desk.ts";
import { openLocalStores, type LocalStores } from "./local-stores.ts";
import { readReviewHealth } from "./review-health.ts";
import { createTallies, type TallyKeeper } from "./review-tallies.ts";

/** What the records need of the configuration. */
export type RecordsConfig = Pick<Config, "queue" | "review" | "enrichment" | "stateDir">;

export interface RecordsOptions {
  readonly config: RecordsConfig;
  readonly log: Logger;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Refuse a state folder without a database. */
  readonly mustExist?: boolean;
  /** Told of each trace that got an item of its own, at least once; a failure is tried again. By default they are to be read again. */
  readonly onAdded?: (traceId: string) => Promise<void>;
  /** Draws replies that nothing flagged; none is drawn without it. */
  readonly sampler?: Sampler;
}

/** Everything that is recorded and reviewed, wherever it lies. */
export interface Records {
  readonly recorder: Recorder;
  readonly traces: TraceStore;
  readonly decisions: DecisionStore;
  readonly enrichments: EnrichmentStore;
  readonly scores: ScoreLog;
  readonly audit: AuditLog;
  readonly notesElsewhere: Desk["notesElsewhere"];
  readonly queue: ReviewQueue;
  /** Traces that wait to be read again. */
  readonly work: WorkQueue;
  /** Brings what is recorded to the queue. Starts with `start`; without it only `flush` delivers. */
  readonly pump: Pump;
  readonly local: LocalStores;
  readonly tallies: ReviewTallies;
  /** Begins to deliver, now and whenever the queue answers again. */
  start(): void;
  health(): ReviewHealth;
  /** Resolves when the queue answers, or after a while. */
  reached(): Promise<void>;
  /** Lets go of everything. What is not delivered yet stays on disk. */
  close(): Promise<void>;
}

/** Opens the state folder and the way to the review queue. A queue that cannot be reached is no error here. */
export function openRecords(options: RecordsOptions): Records {
  const { config, log, environment = process.env, mustExist = false } = options;
  const folder = config.stateDir ?? stateFolder(undefined, environment);
  const sharedKey = config.queue.driver === "bullmq";
  const local = openLocalStores({ folder, mustExist, sharedKey, environment });
  const keeper = createTallies();
  const desk = openDesk({ config, local, log, environment, onFailure: keeper.redisFailed });
  const pump = openPump(options, { local, desk, keeper });
  desk.onWork(() => pump.wake());
  const { traces, decisions, enrichments, scores, audit, notesElsewhere, queue, work, reached } = desk;
  const recorder = createRecorder({
    traces,
    scores: local.scores,
    log,
    enqueue: createEnqueue(options, { local, desk, keeper, pump }),
    ...(options.sampler === undefined ? {} : { sampler: options.sampler }),
    admit: () => config.queue.whenFull === "drop" || local.outbox.waiting() < config.queue.outboxLimit,
  });
  return {
    recorder,
    traces,
    decisions,
    enrichments,
    scores,
    audit,
    notesElsewhere,
    queue,
    work,
    pump,
    local,
    tallies: keeper.tallies,
    reached,
    start: () => {
      desk.onReady(() => pump.retryNow());
      // Before the first answer a round could only fail.
      if (desk.reach().reachable) pump.wake();
    },
    health: () => readReviewHealth({ config: config.queue, outbox: local.outbox, pump, reach: desk.reach }),
    async close() {
      await pump.close();
      await desk.close();
      local.database.close();
    },
  };
}

interface Opened {
  readonly local: LocalStores;
  readonly desk: Desk;
  readonly keeper: TallyKeeper;
}

function openPump({ config, log, onAdded }: RecordsOptions, { local, desk, keeper }: Opened): Pump {
  const { outbox, settings } = local;
  const { queue, decisions, shareTrace, shareEnrichment, epoch } = desk;
  const item = createItemDelivery({
    queue,
    decisions,
    onJoined: keeper.joined,
    ...(shareTrace === undefined ? {} : { shareTrace }),
    onAdded: onAdded ?? (config.enrichment.enabled ? desk.work.add : async () => undefined),
  });
  const steps = [...desk.steps, createSettling({ outbox, decisions, queue, settings, letGo: desk.letGo })];
  return createPump({ outbox, epoch, deliver: { item, enrichment: shareEnrichment }, steps, log });
}

/** Notes the item of a closed trace on this disk. Only a queue on the same disk is waited for. */
function createEnqueue({ config, log }: RecordsOptions, parts: Opened & { readonly pump: Pump }) {
  const { local, desk, keeper, pump } = parts;
  const { outboxLimit, whenFull } = config.queue;
  const { newItemsPerMinute, blind } = config.review;
  const makeItem = createItemMaker({ digest: local.sealing.digest, newItemsPerMinute, blind, log });
  return async (trace: Trace): Promise<void> => {
    const { id, createdAt } = trace.head;
    if (local.outbox.find("item", id) === undefined) {
      // The trace itself is among those that wait.
      if (whenFull === "drop" && local.outbox.waiting() > outboxLimit) {
        keeper.dropped();
        log.error({ traceId: id }, "the outbox is full: a flagged trace is recorded and gets no review item");
        return;
      }
      local.outbox.addItem({ id, createdAt, body: JSON.stringify(makeItem(trace)) });
    }
    if (!desk.isLocal) return pump.wake();
    // What fails here is tried again in the background.
    await pump.deliver("item", id).catch(() => pump.wake());
  };
}

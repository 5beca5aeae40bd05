import type { Config } from "../config.ts";
import type { ReviewParts } from "../config/review-config.ts";
import type { ReviewHealth } from "../http/options.ts";
import type { Logger } from "../log.ts";
import type { ReviewTallies } from "../metrics.ts";
import { createItemDelivery, type DeliveryParts } from "../queue/delivery.ts";
import type { ReviewQueue } from "../queue/queue.ts";
import { createSettling } from "../queue/settling.ts";
import type { WorkQueue } from "../queue/work-queue.ts";
import { placeOf, secondOpinionShare } from "../review/opinions.ts";
import type { RequestFinder } from "../review/request-finder.ts";
import { createPump, type Pump } from "../trace/pump.ts";
import { createRedaction } from "../trace/redaction.ts";
import { createRecorder, type Recorder } from "../trace/recorder.ts";
import type { Sampler } from "../trace/sampling.ts";
import { stateFolder } from "../trace/state-folder.ts";
import { DECIDED_SECONDS } from "../trace/shared-bodies.ts";
import type { AuditLog, DecisionStore, EnrichmentStore, ScoreLog, TraceStore } from "../trace/stores.ts";
import { openDesk, type Desk, type DeskOptions } from "./desk.ts";
import { createIntake, type Intake } from "./intake.ts";
import { openLocalStores, type LocalStores } from "./local-stores.ts";
import { createErasing, type Erasing } from "./erasing.ts";
import { createFinding } from "./finding.ts";
import { createOverrideExchange } from "./override-exchange.ts";
import { readReviewHealth } from "./review-health.ts";
import { createTallies, type TallyKeeper } from "./review-tallies.ts";

/** What the records need of the configuration. */
export type RecordsConfig = Pick<Config, keyof ReviewParts | "stateDir">;

export interface RecordsOptions {
  readonly config: RecordsConfig;
  readonly log: Logger;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Refuse a state folder without a database. */
  readonly mustExist?: boolean;
  /**
   * Told of each trace that got an item of its own; by default it is to be read again. On Redis at least once, and again when it
   * fails; with the embedded queue once, unless the process dies just then: the next start finds what is unread.
   */
  readonly onAdded?: (traceId: string) => Promise<void>;
  /** Draws replies that nothing flagged; none is drawn without it. */
  readonly sampler?: Sampler;
  /** As the configuration has it at the moment; as it was at first when absent. */
  readonly retentionNow?: () => RecordsConfig["retention"];
  /** What decided items age by, in milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Everything that is recorded and reviewed, wherever it lies. */
export interface Records {
  readonly recorder: Recorder;
  readonly traces: TraceStore;
  readonly decisions: DecisionStore;
  readonly enrichments: EnrichmentStore;
  readonly scores: ScoreLog;
  readonly audit: AuditLog;
  readonly trail?: NonNullable<Desk["trail"]>;
  readonly notesElsewhere: Desk["notesElsewhere"];
  readonly queue: ReviewQueue;
  /** Traces that wait to be read again. */
  readonly work: WorkQueue;
  readonly jobCounts?: Desk["jobCounts"];
  /** Brings what is recorded to the queue. Starts with `start`; without it only `flush` delivers. */
  readonly pump: Pump;
  readonly local: LocalStores;
  readonly tallies: ReviewTallies;
  /** Deletes traces for good. */
  readonly erasing: Erasing;
  /** Finds the runs of a request, flagged or not. */
  readonly finder: RequestFinder;
  readonly trimScores: Desk["trimScores"];
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
  const { config, log, environment = process.env, mustExist = false, clock } = options;
  const folder = config.stateDir ?? stateFolder(undefined, environment);
  const local = openLocalStores({ folder, mustExist, sharedKey: config.queue.driver === "bullmq", environment });
  const keeper = createTallies();
  const rules = rulesOf(options);
  const desk = openDesk({ config, local, log, environment, onFailure: keeper.redisFailed, clock, ...rules });
  const onAdded = options.onAdded ?? (config.enrichment.enabled ? desk.work.add : async () => undefined);
  const erasing = createErasing({ local, desk, audit: desk.audit, log, wake: () => pump.wake() });
  const pump: Pump = openPump({ ...options, onAdded }, { local, desk, keeper, erasing, ...rules });
  const intake = createIntake({ ...options, onAdded, local, desk, keeper, wake: pump.wake });
  desk.onWork(() => pump.wake());
  const { traces, decisions, enrichments, scores, audit, notesElsewhere, queue, work, reached } = desk;
  const recorder = openRecorder(options, { local, desk, intake });
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
    ...(desk.jobCounts === undefined ? {} : { jobCounts: desk.jobCounts }),
    ...(desk.trail === undefined ? {} : { trail: desk.trail }),
    pump,
    local,
    tallies: keeper.tallies,
    erasing,
    finder: createFinding({ local, desk, review: config.review }),
    trimScores: desk.trimScores,
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

function openRecorder(
  { config, log, sampler }: RecordsOptions,
  { local, desk, intake }: Pick<Opened, "local" | "desk"> & { readonly intake: Intake },
): Recorder {
  return createRecorder({
    ...intake,
    traces: desk.traces,
    scores: local.scores,
    log,
    ...(sampler === undefined ? {} : { sampler }),
    redaction: createRedaction({ privacy: config.privacy, digest: local.sealing.digest }),
    admit: () => config.queue.whenFull === "drop" || local.outbox.waiting() < config.queue.outboxLimit,
  });
}

interface Opened {
  readonly local: LocalStores;
  readonly desk: Desk;
  readonly keeper: TallyKeeper;
  readonly erasing: Pick<Erasing, "step">;
  readonly placeOf: DeliveryParts["placeOf"];
}

/** Where an item stands, and for how long a shared queue keeps a decided one. */
function rulesOf({
  config,
  retentionNow = () => config.retention,
}: RecordsOptions): Pick<DeskOptions, "placeOf" | "keepMs"> {
  return {
    placeOf: (given) => placeOf(given, secondOpinionShare(config.review)),
    keepMs: () => Math.min(DECIDED_SECONDS * 1_000, retentionNow().tracesMs ?? Infinity),
  };
}

function openPump({ log, onAdded }: RecordsOptions, { local, desk, keeper, erasing, placeOf: place }: Opened): Pump {
  const { outbox, settings } = local;
  const { queue, decisions, decisionsOn, shareTrace, shareEnrichment, epoch, audit, overrides: shared } = desk;
  const item = createItemDelivery({
    queue: desk.bareQueue,
    decisionsOn,
    placeOf: place,
    onJoined: keeper.joined,
    ...(shareTrace === undefined ? {} : { shareTrace }),
    ...(onAdded === undefined ? {} : { onAdded }),
  });
  const steps = [
    erasing.step,
    ...desk.steps,
    createSettling({ outbox, decisions, placeOf: place, queue, settings, letGo: desk.letGo }),
  ];
  const urgent = shared === undefined ? [] : [createOverrideExchange({ local, shared, audit, log })];
  return createPump({ outbox, epoch, deliver: { item, enrichment: shareEnrichment }, steps, urgent, log });
}

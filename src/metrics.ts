import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { EngineStatus } from "./engine/engine.ts";
import { guardObserver, type ServingObserver } from "./http/observer.ts";
import type { Logger } from "./log.ts";
import { createConfigState, type ConfigState } from "./metrics/config-state.ts";
import { createAssuranceReaders, type AssuranceSources } from "./metrics/assurance.ts";
import { createDrift, type Drift } from "./metrics/drift.ts";
import { everyLabelSet, RECALL_BOUNDS, type KnownNames, type Labels } from "./metrics/label-sets.ts";
import { SERIES, type Series, type SeriesKey } from "./metrics/series.ts";
import { createJobReader } from "./metrics/job-series.ts";
import { createServingMetrics } from "./metrics/serving-metrics.ts";
import { createTax, type ConfirmedAbort, type Tax } from "./metrics/tax.ts";
import type { JobCounts } from "./queue/job-counts.ts";
import type { QueueStats } from "./queue/queue.ts";
import type { Estimate } from "./review/recall.ts";
import type { Verdict } from "./trace/stores.ts";

/** What the metrics are told at the start, and where they look when they are read. */
export interface MetricsOptions extends KnownNames {
  readonly version: string;
  readonly precision: string;
  readonly engineStatus: () => Pick<EngineStatus, "slots" | "running" | "waiting" | "restarts">;
  readonly queueStats: () => Promise<QueueStats>;
  /** What BullMQ counts; absent with another driver. */
  readonly jobCounts?: () => Promise<readonly JobCounts[]>;
  /** How many traces stand at each verdict. */
  readonly countDecisions: () => Promise<Readonly<Record<Verdict, number>>>;
  /** Flagged traces that wait on this disk for the review queue. */
  readonly spooled: () => number;
  readonly tallies: () => ReviewTallies;
  /** The recall of detectors, null where it is unknown. */
  readonly recall?: () => Promise<readonly { readonly detector: string; readonly recall: Estimate | null }[]>;
  /** How long each verdict since the last call took, in milliseconds. */
  readonly reviewWaits?: () => Promise<readonly number[]>;
  /** Aborts that a person confirmed since the last call. */
  readonly confirmedAborts?: () => Promise<readonly ConfirmedAbort[]>;
  /** Canaries and what else says whether oversight can be relied on. */
  readonly assurance?: AssuranceSources;
  readonly log: Pick<Logger, "error">;
  /** Off in tests that read every line. */
  readonly withProcess?: boolean;
}

/** What the review desk counts besides what its stores hold; from the start of this process. */
export interface ReviewTallies {
  /** Calls to Redis that failed, by what they were for. */
  readonly redisFailures: Readonly<Record<string, number>>;
  /** Traces that joined an item, by why. */
  readonly joined: Readonly<Record<"repeated" | "flood", number>>;
  /** Flagged traces that got no item because the outbox was full. */
  readonly dropped: number;
}

/** One registry of one gateway. */
export interface Metrics {
  /** Throws nothing: what cannot be counted is logged once. */
  readonly observer: ServingObserver;
  /** What oversight costs and saves; runs are told to it already. */
  readonly tax: Omit<Tax, "runEnded">;
  readonly config: ConfigState;
  /** How far scores are from the calibration; runs are told to it already. */
  readonly drift: Pick<Drift, "learn" | "saw">;
  /** Detectors and policies that a reload added: their combinations stand at 0 from here on. */
  learn(names: KnownNames): void;
  /** The Prometheus text format. What cannot be read keeps its last value. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

type Meter = Counter | Gauge | Histogram;

/** Makes every series, with every label combination at 0. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.withProcess !== false) collectDefaultMetrics({ register: registry });
  const meters = new Map<SeriesKey, Meter>(keysOf(SERIES).map((key) => [key, createMeter(SERIES[key], registry)]));
  const { learn, detectors, isLoaded } = createLearn(meters);
  learn(options);
  for (const [key, meter] of meters) if (SERIES[key].labels.length === 0) start(meter, {});

  const add = (key: SeriesKey, labels: Labels, amount: number): void => {
    const meter = meters.get(key);
    if (meter instanceof Histogram) meter.observe(labels, amount);
    else meter?.inc(labels, amount);
  };
  const set = (key: SeriesKey, labels: Labels, value: number): void => {
    const meter = meters.get(key);
    if (meter instanceof Gauge) meter.set(labels, value);
  };
  const remove = (key: SeriesKey, labels: Labels): void => meters.get(key)?.remove(labels);
  const raise = createRaise(add);
  set("buildInfo", { version: options.version, model: options.models.join(","), precision: options.precision }, 1);
  const tax = createTax({ add, set });
  const config = createConfigState({ set, remove });
  const drift = createDrift();
  const readers = {
    ...createReaders(options, { add, set, raise, tax, detectors }),
    ...createAssuranceReaders({ detectors, isLoaded, drift, remove }, options.assurance ?? {}, set),
    ...createJobReader(options.jobCounts, { add, remove }),
  };
  return {
    observer: guardObserver(createObserver(createServingMetrics(add, options.models), { tax, drift }), options.log),
    tax,
    config,
    drift,
    learn,
    render: createRender(registry, readers, options.log),
  };
}

function createRender(
  registry: Registry,
  readers: Readonly<Record<string, () => unknown>>,
  log: Pick<Logger, "error">,
): Metrics["render"] {
  const failed = new Set<string>();
  return async () => {
    for (const [what, read] of Object.entries(readers)) {
      try {
        await read();
        failed.delete(what);
      } catch (error) {
        if (!failed.has(what)) log.error({ err: error, what }, "a metric could not be read; it keeps its last value");
        failed.add(what);
      }
    }
    return { contentType: registry.contentType, body: await registry.metrics() };
  };
}

/** The serving metrics, and the tax and the scores of every run. */
function createObserver(serving: ServingObserver, { tax, drift }: { tax: Tax; drift: Drift }): ServingObserver {
  return {
    ...serving,
    runEnded(report) {
      serving.runEnded(report);
      tax.runEnded(report);
      drift.saw(report.end.scores);
    },
  };
}

interface Writers {
  readonly add: (key: SeriesKey, labels: Labels, amount: number) => void;
  readonly tax: Tax;
  readonly set: (key: SeriesKey, labels: Labels, value: number) => void;
  readonly raise: (key: SeriesKey, labels: Labels, total: number) => void;
  /** Every detector that there is or was. */
  readonly detectors: ReadonlySet<string>;
}

/** Starts every combination once: a histogram that is started again forgets what it holds. */
function createLearn(meters: ReadonlyMap<SeriesKey, Meter>) {
  const started = new Set<string>();
  const detectors = new Set<string>();
  let loaded: readonly string[] = [];
  const learn: Metrics["learn"] = (names) => {
    loaded = names.detectors;
    for (const detector of names.detectors) detectors.add(detector);
    const labelSets = everyLabelSet(names);
    for (const key of keysOf(labelSets)) {
      for (const labels of labelSets[key] ?? []) {
        const id = `${key} ${JSON.stringify(labels)}`;
        if (!started.has(id)) start(meters.get(key), labels);
        started.add(id);
      }
    }
  };
  return { learn, detectors, isLoaded: (detector: string) => loaded.includes(detector) };
}

/** What is looked up when the metrics are read. */
function createReaders(
  options: MetricsOptions,
  { add, set, raise, tax, detectors }: Writers,
): Readonly<Record<string, () => unknown>> {
  return {
    engine() {
      const { slots, running, waiting, restarts } = options.engineStatus();
      set("engineSlots", {}, slots);
      set("engineRunning", {}, running);
      set("queueDepth", {}, waiting);
      raise("engineRestarts", {}, restarts);
    },
    async queue() {
      const stats = await options.queueStats();
      for (const state of ["waiting", "claimed", "decided", "dead"] as const) {
        set("reviewJobs", { queue: options.queue, state }, stats[state]);
      }
      set("reviewOldest", {}, stats.oldestWaitingMs / 1000);
      raise("reviewLeasesExpired", {}, stats.leasesExpired);
    },
    spool() {
      const { redisFailures, joined, dropped } = options.tallies();
      set("spoolRecords", {}, options.spooled());
      raise("spoolDropped", {}, dropped);
      for (const [op, failures] of Object.entries(redisFailures)) raise("redisFailures", { op }, failures);
      for (const [reason, traces] of Object.entries(joined)) raise("reviewJoined", { reason }, traces);
    },
    async decisions() {
      for (const [decision, count] of Object.entries(await options.countDecisions())) {
        raise("reviewDecisions", { decision }, count);
      }
    },
    async waits() {
      for (const waitMs of (await options.reviewWaits?.()) ?? []) add("reviewWait", {}, waitMs / 1000);
    },
    async recall() {
      if (options.recall === undefined) return;
      const known = new Map((await options.recall()).map(({ detector, recall }) => [detector, recall]));
      for (const detector of detectors) {
        const estimate = known.get(detector) ?? UNKNOWN;
        for (const bound of RECALL_BOUNDS) set("recallEstimate", { detector, bound }, estimate[bound]);
      }
    },
    async confirmedAborts() {
      for (const abort of (await options.confirmedAborts?.()) ?? []) tax.confirmed(abort);
    },
  };
}

const UNKNOWN: Estimate = { lower: 0, point: NaN, upper: 1 };

/** Brings a counter up to a total that is kept elsewhere. A total that sinks is no reset: the counter stays and then follows. */
function createRaise(add: (key: SeriesKey, labels: Labels, amount: number) => void): Writers["raise"] {
  const seen = new Map<string, number>();
  return (key, labels, total) => {
    const id = `${key} ${JSON.stringify(labels)}`;
    const before = seen.get(id) ?? 0;
    seen.set(id, total);
    if (total > before) add(key, labels, total - before);
  };
}

function createMeter({ kind, name, help, labels, buckets }: Series, registry: Registry): Meter {
  const base = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === "counter") return new Counter(base);
  if (kind === "gauge") return new Gauge(base);
  return new Histogram({ ...base, buckets: [...(buckets ?? [])] });
}

/** Makes a combination visible at 0. */
function start(meter: Meter | undefined, labels: Labels): void {
  if (meter instanceof Histogram) meter.zero(labels);
  else meter?.inc(labels, 0);
}

function keysOf<Key extends string>(table: Readonly<Partial<Record<Key, unknown>>>): Key[] {
  return Object.keys(table) as Key[];
}

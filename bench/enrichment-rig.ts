import { setTimeout as wait } from "node:timers/promises";
import { forkReader, keepReader } from "../src/enrichment/reader-keeper.ts";
import type { Policy } from "../src/decide/policy.ts";
import { startEnrichment, type Enrichments } from "../src/enrichment/start-enrichment.ts";
import { createLogger } from "../src/log.ts";
import { createLocalWorkQueue } from "../src/queue/work-queue.ts";
import type { Trace } from "../src/trace/trace.ts";
import { onePolicy, openFlaggedTraces, type FlaggedTraces } from "../test/support/flagged-traces.ts";
import { readFlaggingTexts } from "./flagging-texts.ts";

/** Columns of the scores under every policy. */
export const DETECTORS = [
  "country-channel",
  "audit-approval",
  "country-implied",
  "audit-watched",
  "harm-intent",
  "deception-lie",
];

/** Replies at once. */
export const STREAMS = 4;

/** A policy that flags nothing. */
export const QUIET = "quiet";

/** Live traffic in this process, the re-read in its own, as in the gateway. */
export interface EnrichmentRig {
  readonly live: FlaggedTraces;
  /** The policy that flags nothing. */
  readonly quiet: Policy;
  readonly enrichment: Enrichments;
  /** May be set between traces. */
  readonly pause: { busyWaitMs: number };
  /** The trace of the n-th text, if it was flagged; detectors and actions in turns. */
  ask(
    number: number,
    options: { maxTokens: number; seed?: number; onEvent?: (type: string) => void },
  ): Promise<Trace | undefined>;
  /** So many flagged traces. */
  gather(count: number): Promise<string[]>;
  /** Queues a re-read and resolves with the seconds until its evidence is there. */
  enrich(id: string): Promise<number>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly cache: string;
  readonly niceness: number;
  readonly threads?: number;
}

/** Opens both sides; the process of the re-read starts with the first trace. */
export async function openEnrichmentRig({ cache, niceness, threads }: RigOptions): Promise<EnrichmentRig> {
  const texts = readFlaggingTexts();
  const rules = (chosen: string, action: "flag" | "abort") =>
    Object.fromEntries(DETECTORS.map((id) => [id, id === chosen ? action : "observe"] as const));
  const named = DETECTORS.flatMap((id) => [
    onePolicy(`flag-${id}`, rules(id, "flag")),
    onePolicy(`abort-${id}`, rules(id, "abort")),
  ]);
  const quiet = onePolicy(QUIET, rules("", "flag"));
  const policies = Object.fromEntries([...named, quiet].map((each) => [each.name, each]));
  const live = await openFlaggedTraces({
    policies,
    cache,
    slots: STREAMS,
    ...(threads === undefined ? {} : { threads }),
  });
  const pause = { busyWaitMs: 0 };
  const log = createLogger("silent");
  const settings = () => live.settings();
  const enrichment = startEnrichment({
    work: createLocalWorkQueue(),
    traces: live.traces,
    enrichments: live.enrichments,
    settings,
    config: {
      idleExitMs: 3_600_000,
      get busyWaitMs() {
        return pause.busyWaitMs;
      },
    },
    isBusy: () => live.engine.status().running > 0,
    log,
    keeper: keepReader({ settings, idleExitMs: 3_600_000, log, start: () => forkReader(niceness) }),
  });
  const rig: EnrichmentRig = {
    live,
    quiet,
    enrichment,
    pause,
    ask: (number, options) =>
      live.ask(texts[number % texts.length] ?? "", { policy: named[number % named.length]?.name ?? "", ...options }),
    async gather(count) {
      const ids: string[] = [];
      for (let number = 0; ids.length < count; number += 1) {
        const trace = await rig.ask(number * 11, { maxTokens: 32 });
        if (trace) ids.push(trace.head.id);
      }
      return ids;
    },
    async enrich(id) {
      const began = performance.now();
      await enrichment.add(id);
      while ((await live.enrichments.get(id)) === undefined) await wait(10);
      return (performance.now() - began) / 1000;
    },
    async close() {
      await enrichment.close();
      await live.close();
    },
  };
  return rig;
}

import { resolve } from "node:path";
import type { Policy } from "../decide/policy.ts";
import type { WorkerSettings } from "../engine/messages.ts";
import { workerSettingsOf, type OpenEngineOptions } from "../engine/open-engine.ts";
import { readSampleText } from "../lens/sample-text.ts";
import type { LensStatistics } from "../lens/statistics.ts";
import { everyTap, formatTap } from "../lens/tap.ts";
import type { TunedLens } from "../lens/tuned-lens.ts";
import type { ModelFacts } from "../model/facts.ts";

/** Tokens of ordinary text that percentiles are taken over: their rows at 120 taps of 576 are 70 MB. */
export const SAMPLE_TOKENS = 256;

/** Everything that a process needs to read traces again. Plain data. */
export interface ReaderSettings {
  /** As the live engine has them, with every tap. */
  readonly worker: WorkerSettings;
  /** By name, as traces have them. */
  readonly policies: Readonly<Record<string, Policy>>;
  readonly model: Pick<ModelFacts, "name" | "sha256" | "precision">;
  /** Every tap in the order of computation. */
  readonly taps: readonly string[];
  /** Averages over ordinary text; null for a model that ships none. */
  readonly statistics: Pick<LensStatistics, "means" | "normedMeans"> | null;
  readonly tuned: TunedLens | null;
  /** Ids of ordinary text; empty for a model that ships none. */
  readonly sample: readonly number[];
}

/** Gathers the settings of the reading process from those of the gateway. */
export async function readerSettingsOf(
  options: Omit<OpenEngineOptions, "waitingLimit" | "retryAfterMs" | "log" | "slots">,
): Promise<ReaderSettings> {
  const { model } = options;
  const taps = everyTap(model.facts.layers).map(formatTap);
  const { name, sha256, precision } = model.facts;
  const worker = workerSettingsOf({ ...options, slots: 1 });
  const text = await readSampleText(model).catch(() => "");
  const { statistics } = model;
  return {
    // At the lowest priority a step may wait for seconds: what is late there is not broken.
    worker: { ...worker, prepared: resolve(worker.prepared), extraTaps: taps, judgeLimitMs: Infinity },
    policies: options.policies,
    model: { name, sha256, precision },
    taps,
    statistics: statistics && { means: statistics.means, normedMeans: statistics.normedMeans },
    tuned: model.tuned,
    sample: [...model.tokenizer.encode(text)].slice(0, SAMPLE_TOKENS),
  };
}

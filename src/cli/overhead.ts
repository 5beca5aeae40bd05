import type { Config } from "../config.ts";
import type { Policy } from "../decide/policy.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { openParts } from "../engine/open-parts.ts";
import type { WorkerParts } from "../engine/worker-parts.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { everyTap, formatTap } from "../lens/tap.ts";
import { openForward } from "../model/forward.ts";
import { createSlot, type Slot } from "../model/slot.ts";
import { COMMAND_POLICY } from "./command-engine.ts";
import { estimate, type Estimate } from "./statistics.ts";

/** What a measurement runs on. The detectors are those of the configuration. */
export interface OverheadOptions {
  readonly config: Config;
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
  readonly rounds: number;
  /** Tokens that are prefilled before decoding. */
  readonly contextTokens: number;
  readonly onRound?: (done: number, total: number) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** One setting: milliseconds a token, and the ratio to the same round's run without detectors. */
export interface OverheadRow {
  readonly name: string;
  readonly decodeMs: Estimate;
  readonly decodeRatio: Estimate;
  readonly prefillMs: Estimate;
  readonly prefillRatio: Estimate;
}

/** Tokens that each round decodes after the prefill. */
export const DECODED_TOKENS = 8;
const WARM_UP_ROUNDS = 2;
const MANY = 50;

/**
 * What oversight costs on the forward pass: decode and prefill without detectors, with the configured ones, with fifty, and
 * with every tap returned. All settings are loaded in this process and take turns in every round, so that whatever else the
 * machine does hits them alike; ratios are paired within a round.
 */
export async function measureOverhead(options: OverheadOptions): Promise<OverheadRow[]> {
  const { model, rounds, contextTokens, onRound, now = () => performance.now() } = options;
  const settings = await openSettings(options);
  const { vocabulary } = model.facts;
  const prompt = Array.from({ length: contextTokens }, (_, index) => (1000 + index * 7919) % vocabulary);
  const times = settings.map(() => ({ decode: [] as number[], prefill: [] as number[] }));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (let turn = 0; turn < settings.length; turn += 1) {
      // Each round begins with another setting.
      const index = (turn + round + WARM_UP_ROUNDS) % settings.length;
      const took = await timeOne(settings[index] as Setting, { prompt, options, now });
      if (round < 0) continue;
      times[index]?.prefill.push(took.prefillMs);
      times[index]?.decode.push(took.decodeMs);
    }
    if (round >= 0) onRound?.(round + 1, rounds);
  }
  for (const { close } of settings) await close();
  const ratios = (series: readonly number[] = [], base: readonly number[] = []) =>
    series.map((value, round) => value / (base[round] ?? NaN));
  return settings.map(({ name }, index) => ({
    name,
    decodeMs: estimate(times[index]?.decode ?? []),
    decodeRatio: estimate(ratios(times[index]?.decode, times[0]?.decode)),
    prefillMs: estimate(times[index]?.prefill ?? []),
    prefillRatio: estimate(ratios(times[index]?.prefill, times[0]?.prefill)),
  }));
}

/** One way to run the model. */
interface Setting {
  readonly name: string;
  readonly slot: Slot;
  /** Begins a request: returns what runs ids after those that the slot holds and judges every new position. */
  readonly start: () => (ids: readonly number[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Timing {
  readonly prompt: readonly number[];
  readonly options: OverheadOptions;
  readonly now: () => number;
}

async function timeOne({ slot, start }: Setting, { prompt, options, now }: Timing) {
  const { prefillChunkTokens } = options.config.engine;
  slot.clear();
  const step = start();
  const began = now();
  for (let at = 0; at < prompt.length; at += prefillChunkTokens) await step(prompt.slice(at, at + prefillChunkTokens));
  const between = now();
  for (let token = 0; token < DECODED_TOKENS; token += 1) await step([prompt[token % prompt.length] ?? 0]);
  return { prefillMs: (between - began) / prompt.length, decodeMs: (now() - between) / DECODED_TOKENS };
}

async function openSettings(options: OverheadOptions): Promise<Setting[]> {
  const { detectors } = options;
  const many = spread(options);
  return [
    await withDetectors("no detectors", [], options),
    await withDetectors(`${detectors.length} configured`, detectors, options),
    ...(many.length > 0 ? [await withDetectors(`${MANY} concepts`, many, options)] : []),
    await withEveryTap(options),
  ];
}

/** Fifty copies of the first detector that reads a tap, spread over the taps of every depth. */
function spread({ model, detectors }: OverheadOptions): LoadedDetector[] {
  const template = detectors.find(({ reads }) => reads.length > 0);
  const taps = everyTap(model.facts.layers);
  if (!template) return [];
  return Array.from({ length: MANY }, (_, index) => {
    const tap = taps[Math.floor((index * taps.length) / MANY)];
    return {
      ...template,
      id: `copy-${index}`,
      reads: template.reads.map((read) => ({ ...read, ...(tap ? { tap } : {}) })),
    };
  });
}

async function withDetectors(
  name: string,
  detectors: readonly LoadedDetector[],
  options: OverheadOptions,
): Promise<Setting> {
  const { config, model } = options;
  const policy: Policy = {
    name: COMMAND_POLICY,
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "new",
    detectors: Object.fromEntries(detectors.map(({ id }) => [id, { action: "observe", onError: "closed" }])),
  };
  const { parts } = await openParts({
    prepared: model.prepared.folder,
    detectors,
    kindModules: config.kindModules,
    policies: { [COMMAND_POLICY]: policy },
    background: { tokens: model.background.tokens, taps: model.background.taps },
    slots: 1,
    contextTokens: config.engine.contextTokens,
    prefillChunkTokens: config.engine.prefillChunkTokens,
    threads: config.engine.threads ?? null,
  });
  const slot = createSlot(model.prepared.manifest.architecture, config.engine.contextTokens);
  return { name, slot, start: () => judging({ parts, policy, slot }), close: () => parts.forward.close() };
}

function judging({ parts, policy, slot }: { parts: WorkerParts; policy: Policy; slot: Slot }) {
  const panel = parts.panel.start(policy.detectors);
  return async (ids: readonly number[]): Promise<void> => {
    const first = slot.length;
    const result = await parts.forward.step(slot, ids, "last");
    for (const [row, token] of ids.entries()) {
      const reading = (index: number) => parts.reader(result, row, index);
      panel.judge({ position: first + row, phase: "generation", token, text: " word", reading });
    }
  };
}

async function withEveryTap({ config, model }: OverheadOptions): Promise<Setting> {
  const { contextTokens, threads } = config.engine;
  const taps = everyTap(model.facts.layers).map(formatTap);
  const plan = { taps, exact: [], background: [], conceptTokens: new Int32Array(0), contextTokens };
  const forward = await openForward({ model: model.prepared, plan, ...(threads === undefined ? {} : { threads }) });
  const slot = createSlot(model.prepared.manifest.architecture, contextTokens);
  const step = async (ids: readonly number[]) => void (await forward.step(slot, ids, "last"));
  return { name: `${taps.length} taps returned`, slot, start: () => step, close: () => forward.close() };
}

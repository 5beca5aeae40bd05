import type { Config } from "../config.ts";
import type { Policy } from "../decide/policy.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { openParts } from "../engine/open-parts.ts";
import type { WorkerParts } from "../engine/worker-parts.ts";
import { lensMapsOf, type OpenModel } from "../lens/open-model.ts";
import { isProbeRead } from "../lens/reading.ts";
import { everyTap, formatTap } from "../lens/tap.ts";
import { openForward, planTaps } from "../model/forward.ts";
import { createSlot, type Slot } from "../model/slot.ts";
import { mixDetectors } from "./mixed-detectors.ts";

/** What settings are made of: the detectors are those of the configuration. */
export interface SettingParts {
  readonly config: Config;
  readonly model: OpenModel;
  readonly detectors: readonly LoadedDetector[];
}

/** One way to run the model, loaded. */
export interface Setting {
  readonly slot: Slot;
  /** Begins a request: returns what runs ids after those that the slot holds and judges every new position. */
  readonly start: () => (ids: readonly number[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What a request consists of, and in pieces of how many tokens its prompt is read. */
export interface TimedRequest {
  readonly prompt: readonly number[]; // [prompt]
  readonly tokens: readonly number[]; // [tokens], read one by one after the prompt
  readonly chunkTokens: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Runs a request from an empty slot; milliseconds of its prompt and of its tokens, each in all. */
export async function timeRequest({ slot, start }: Setting, request: TimedRequest) {
  const { prompt, tokens, chunkTokens, now } = request;
  slot.clear();
  const step = start();
  const began = now();
  for (let at = 0; at < prompt.length; at += chunkTokens) await step(prompt.slice(at, at + chunkTokens));
  const between = now();
  for (const token of tokens) await step([token]);
  return { prefill: between - began, decode: now() - between };
}

/** One way to run the model, not loaded yet. */
export interface PlannedSetting {
  readonly name: string;
  readonly open: () => Promise<Setting>;
}

const MANY = 50;

/** No detectors first, which the others are compared with; then the configured ones, twenty of mixed kinds, fifty concepts, and every tap returned. */
export function planSettings(parts: SettingParts): PlannedSetting[] {
  const { detectors, model } = parts;
  const many = spread(parts);
  const mixed = mixDetectors({ detectors, layers: model.facts.layers, hidden: model.facts.hidden });
  const run = (name: string, chosen: readonly LoadedDetector[]) => ({
    name,
    open: () => openSetting({ ...parts, detectors: chosen }),
  });
  return [
    run("no detectors", []),
    run(`${detectors.length} configured`, detectors),
    run(`${mixed.length} mixed`, mixed),
    ...(many.length > 0 ? [run(`${MANY} concepts`, many)] : []),
    { name: `${everyTap(model.facts.layers).length} taps returned`, open: () => withEveryTap(parts) },
  ];
}

/** Fifty copies of the first detector that reads concepts, spread over the taps of every depth. */
function spread({ model, detectors }: SettingParts): LoadedDetector[] {
  const template = detectors.find(({ reads }) => reads.length > 0 && !reads.some(isProbeRead));
  const taps = everyTap(model.facts.layers);
  if (!template) return [];
  return Array.from({ length: MANY }, (_, index) => {
    const tap = taps[Math.floor((index * taps.length) / MANY)];
    return {
      ...template,
      id: `copy-${index}`,
      reads: template.reads.map((read) => (tap && !isProbeRead(read) ? { ...read, tap } : read)),
    };
  });
}

/** The model with detectors, or with none, loaded: every new position is judged by all of them. */
export async function openSetting({ config, model, detectors }: SettingParts): Promise<Setting> {
  const policy: Policy = {
    name: "overhead",
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
    background: { tokens: model.background.tokens, taps: model.background.taps },
    lenses: lensMapsOf(
      model,
      detectors.flatMap(({ reads }) => reads),
    ),
    slots: 1,
    contextTokens: config.engine.contextTokens,
    prefillChunkTokens: config.engine.prefillChunkTokens,
    threads: config.engine.threads ?? null,
  });
  const slot = createSlot(model.prepared.manifest.architecture, config.engine.contextTokens);
  return { slot, start: () => judging({ parts, policy, slot }), close: () => parts.forward.close() };
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

async function withEveryTap({ config, model }: SettingParts): Promise<Setting> {
  const { contextTokens, threads } = config.engine;
  const taps = everyTap(model.facts.layers).map(formatTap);
  const plan = planTaps(taps, contextTokens);
  const forward = await openForward({ model: model.prepared, plan, ...(threads === undefined ? {} : { threads }) });
  const slot = createSlot(model.prepared.manifest.architecture, contextTokens);
  const step = async (ids: readonly number[]) => void (await forward.step(slot, ids, "last"));
  return { slot, start: () => step, close: () => forward.close() };
}

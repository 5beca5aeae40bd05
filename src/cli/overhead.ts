import {
  planSettings,
  timeRequest,
  type PlannedSetting,
  type Setting,
  type SettingParts,
} from "./overhead-settings.ts";
import { estimate, median, type Estimate } from "./statistics.ts";

/** What a measurement runs on. */
export interface OverheadOptions extends SettingParts {
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
/** Rounds between two loads of everything. */
export const ROUNDS_A_LOAD = 5;

/**
 * What oversight costs on the forward pass. Two things are larger than that cost and are kept out of it: what else the
 * machine does hits all settings alike, since they live in this process and take turns in every round; and where a copy of
 * the weights happens to lie in memory (5 % either way) changes with every load, in another order each time. Ratios are
 * paired within a round, and the intervals are over loads.
 */
export async function measureOverhead(options: OverheadOptions): Promise<OverheadRow[]> {
  const { rounds, onRound } = options;
  const planned = planSettings(options);
  const loads: Load[] = [];
  for (let done = 0; done < rounds; done += ROUNDS_A_LOAD) {
    const count = Math.min(ROUNDS_A_LOAD, rounds - done);
    const onOne = (round: number) => onRound?.(done + round, rounds);
    loads.push(await measureLoad(options, { planned, first: loads.length, count, onOne }));
  }
  return planned.map(({ name }, index) => {
    const over = (what: (load: Load) => number) => estimate(loads.map(what));
    const ratio = (load: Load, part: keyof Times) =>
      median(timesOf(load, index)[part].map((value, round) => value / (timesOf(load, 0)[part][round] ?? NaN)));
    return {
      name,
      decodeMs: over((load) => median(timesOf(load, index).decode)),
      decodeRatio: over((load) => ratio(load, "decode")),
      prefillMs: over((load) => median(timesOf(load, index).prefill)),
      prefillRatio: over((load) => ratio(load, "prefill")),
    };
  });
}

/** Milliseconds a token, one value a round. */
interface Times {
  readonly decode: number[];
  readonly prefill: number[];
}

/** The times of every setting, in the order in which they were planned. */
type Load = readonly Times[];

function timesOf(load: Load, index: number): Times {
  return load[index] ?? { decode: [], prefill: [] };
}

interface LoadPlan {
  readonly planned: readonly PlannedSetting[];
  /** Which setting is loaded first. */
  readonly first: number;
  readonly count: number;
  readonly onOne: (round: number) => void;
}

async function measureLoad(options: OverheadOptions, { planned, first, count, onOne }: LoadPlan): Promise<Load> {
  const opened = new Map<number, Setting>();
  const times: Times[] = planned.map(() => ({ decode: [], prefill: [] }));
  try {
    for (const turn of planned.keys()) {
      const index = (first + turn) % planned.length;
      const setting = await planned[index]?.open();
      if (setting) opened.set(index, setting);
    }
    // The first round warms up.
    for (let round = 0; round <= count; round += 1) {
      for (const turn of planned.keys()) {
        const index = (turn + round) % planned.length;
        const setting = opened.get(index);
        if (!setting) continue;
        const took = await timeOne(setting, options);
        if (round === 0) continue;
        times[index]?.prefill.push(took.prefillMs);
        times[index]?.decode.push(took.decodeMs);
      }
      if (round > 0) onOne(round);
    }
  } finally {
    for (const { close } of opened.values()) await close();
  }
  return times;
}

async function timeOne(setting: Setting, options: OverheadOptions) {
  const { config, model, contextTokens, now = () => performance.now() } = options;
  const { vocabulary } = model.facts;
  const prompt = Array.from({ length: contextTokens }, (_, index) => (1000 + index * 7919) % vocabulary);
  const tokens = Array.from({ length: DECODED_TOKENS }, (_, token) => prompt[token % prompt.length] ?? 0);
  const chunkTokens = config.engine.prefillChunkTokens;
  const took = await timeRequest(setting, { prompt, tokens, chunkTokens, now });
  return { prefillMs: took.prefill / prompt.length, decodeMs: took.decode / DECODED_TOKENS };
}

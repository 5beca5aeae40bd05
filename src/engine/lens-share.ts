/** Which share of a forward pass reading the taps takes, from 0 to 1. */
export interface LensShares {
  readonly prefill: number;
  readonly decode: number;
  /** Milliseconds of computing of one monitored step of one token. */
  readonly stepMs: number;
}

/** One way to run the model, on a slot of its own. */
export interface Passes {
  /** Empties the slot. */
  clear(): void;
  step(ids: readonly number[]): Promise<unknown>;
}

export interface ShareOptions {
  /** Without taps, and with those of the detectors. */
  readonly plain: Passes;
  readonly monitored: Passes;
  /** Tokens of a prompt that one pass reads. */
  readonly chunkTokens: number;
  /** What the measurement may take, in milliseconds of `spent`. The round under way is finished. */
  readonly budgetMs: number;
  /** Milliseconds that this process has computed so far. */
  readonly spent: () => number;
}

/** Steps of one token in each round. */
const STEPS = 4;
const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = 24;

/**
 * Plain and monitored passes in turn, the first one alternating. What counts is what they compute, not how long they take: on a
 * machine that is busy with other work a step may wait ten times as long as it lasts. The share is (monitored − plain) / monitored
 * of the lower quartiles. Where a copy of the weights happens to lie in memory moves it by some hundredths either way.
 */
export async function measureLensShare(options: ShareOptions): Promise<LensShares> {
  const { plain, monitored, budgetMs, spent } = options;
  const chunk = Array.from({ length: options.chunkTokens }, (_, index) => 100 + index * 7);
  const pairs = { prefill: [] as Pair[], decode: [] as Pair[] };
  const time = async (passes: Passes, ids: readonly number[]): Promise<number> => {
    const began = spent();
    await passes.step(ids);
    return spent() - began;
  };
  const pair = async (ids: readonly number[], plainFirst: boolean): Promise<Pair> => {
    const first = await time(plainFirst ? plain : monitored, ids);
    const second = await time(plainFirst ? monitored : plain, ids);
    return plainFirst ? { plain: first, monitored: second } : { plain: second, monitored: first };
  };
  const began = spent();
  // The first round warms up.
  for (let round = 0; round <= MOST_ROUNDS && (round <= FEWEST_ROUNDS || spent() - began < budgetMs); round += 1) {
    plain.clear();
    monitored.clear();
    const prefill = await pair(chunk, round % 2 === 0);
    const decode: Pair[] = [];
    for (let step = 0; step < STEPS; step += 1) decode.push(await pair([200 + step], (round + step) % 2 === 0));
    if (round === 0) continue;
    pairs.prefill.push(prefill);
    pairs.decode.push(...decode);
  }
  return {
    prefill: shareOf(pairs.prefill),
    decode: shareOf(pairs.decode),
    stepMs: lowerQuartile(pairs.decode.map((each) => each.monitored)),
  };
}

interface Pair {
  readonly plain: number;
  readonly monitored: number;
}

/** Noise can make it negative; oversight that pays for itself there is none. */
function shareOf(pairs: readonly Pair[]): number {
  const plain = lowerQuartile(pairs.map((pair) => pair.plain));
  const monitored = lowerQuartile(pairs.map((pair) => pair.monitored));
  return Math.max(0, (monitored - plain) / monitored);
}

function lowerQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 4)] ?? 0;
}

import { openSetting, timeRequest, type Setting, type SettingParts } from "./overhead-settings.ts";
import { estimate, median, type Estimate } from "./statistics.ts";

/** A finished reply with what a text judge reads about it, one prompt a question. */
export interface CostedReply {
  readonly prompt: Int32Array; // [prompt]
  readonly tokens: Int32Array; // [tokens], at least one
  readonly questions: readonly Int32Array[]; // each [question and text]
}

/** What a measurement of costs runs on. */
export interface CostOptions extends SettingParts {
  readonly replies: readonly CostedReply[];
  /** How often everything is loaded anew: intervals are over these. */
  readonly loads: number;
  readonly onLoad?: (done: number, total: number) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Costs of a reply, each a median over loads. Shares are of the time that the same reply takes without any oversight, its prompt included. */
export interface OverseerCosts {
  readonly replyMs: Estimate;
  /** One token of the reply, without oversight. */
  readonly decodeMs: Estimate;
  /** What all detectors together add: to the reply, to one token of it, as a share. */
  readonly detectorsMs: Estimate;
  readonly detectorsTokenMs: Estimate;
  readonly detectorsShare: Estimate;
  /** One question of the text judge, and all of them. */
  readonly judgeMs: Estimate;
  readonly judgeShare: Estimate;
  readonly questionsShare: Estimate;
  /** How much later the first token comes where a reply is held back until all questions are answered. */
  readonly heldBackMs: Estimate;
}

/** Replies that are measured in each load, where there are as many. */
export const REPLIES_A_LOAD = 8;

/** Milliseconds of one reply. */
interface Times {
  readonly plain: Making;
  readonly watched: Making;
  readonly questions: number;
  readonly asked: number;
  readonly tokens: number;
}

interface Making {
  readonly prefill: number;
  readonly decode: number;
}

/**
 * Makes the same replies without detectors and with them, and asks the judge about them, in turn and in one process; shares are paired within a
 * reply. The judge runs on the model that is loaded without detectors. Where weights lie in memory changes with every load: intervals are over
 * loads. Throws for no replies.
 */
export async function measureCosts(options: CostOptions): Promise<OverseerCosts> {
  const { loads, onLoad, replies } = options;
  if (replies.length === 0) throw new Error("no reply has a token: there is nothing to measure costs on");
  const measured: Times[][] = [];
  for (let load = 0; load < loads; load += 1) {
    measured.push(await measureLoad(options, load));
    onLoad?.(load + 1, loads);
  }
  const over = (of: (times: Times) => number): Estimate => estimate(measured.map((times) => median(times.map(of))));
  const extra = ({ plain, watched }: Times): number => total(watched) - total(plain);
  return {
    replyMs: over(({ plain }) => total(plain)),
    decodeMs: over(({ plain, tokens }) => plain.decode / tokens),
    detectorsMs: over(extra),
    detectorsTokenMs: over(({ plain, watched, tokens }) => (watched.decode - plain.decode) / tokens),
    detectorsShare: over((times) => extra(times) / total(times.plain)),
    judgeMs: over(({ questions, asked }) => questions / asked),
    judgeShare: over(({ plain, questions, asked }) => questions / asked / total(plain)),
    questionsShare: over(({ plain, questions }) => questions / total(plain)),
    // The first token is there without a judge, too.
    heldBackMs: over(({ plain, questions, tokens }) => plain.decode * (1 - 1 / tokens) + questions),
  };
}

function total({ prefill, decode }: Making): number {
  return prefill + decode;
}

async function measureLoad(options: CostOptions, load: number): Promise<Times[]> {
  const { replies } = options;
  const opened: Setting[] = [];
  const open = async (detectors: CostOptions["detectors"]): Promise<Setting> => {
    const setting = await openSetting({ ...options, detectors });
    opened.push(setting);
    return setting;
  };
  try {
    // Which of the two is loaded first changes, too.
    const early = load % 2 === 0 ? await open([]) : undefined;
    const watched = await open(options.detectors);
    const plain = early ?? (await open([]));
    const times: Times[] = [];
    const count = Math.min(REPLIES_A_LOAD, replies.length);
    // The first one warms up.
    for (let turn = 0; turn <= count; turn += 1) {
      const reply = replies[(load * count + Math.max(0, turn - 1)) % replies.length];
      if (reply === undefined) continue;
      const taken = await timeReply(options, { reply, plain, watched, turn });
      if (turn > 0) times.push(taken);
    }
    return times;
  } finally {
    for (const { close } of opened) await close();
  }
}

interface Timing {
  readonly reply: CostedReply;
  readonly plain: Setting;
  readonly watched: Setting;
  readonly turn: number;
}

async function timeReply(options: CostOptions, { reply, plain, watched, turn }: Timing): Promise<Times> {
  const { config, now = () => performance.now() } = options;
  const chunkTokens = config.engine.prefillChunkTokens;
  const [prompt, tokens] = [[...reply.prompt], [...reply.tokens]];
  let made: Making = { prefill: NaN, decode: NaN };
  let judged: Making = made;
  let questions = 0;
  const works = [
    async () => void (made = await timeRequest(plain, { prompt, tokens, chunkTokens, now })),
    async () => void (judged = await timeRequest(watched, { prompt, tokens, chunkTokens, now })),
    async () => {
      for (const question of reply.questions) {
        const { prefill } = await timeRequest(plain, { prompt: [...question], tokens: [], chunkTokens, now });
        questions += prefill;
      }
    },
  ];
  for (const at of works.keys()) await works[(at + turn) % works.length]?.();
  return { plain: made, watched: judged, questions, asked: reply.questions.length, tokens: tokens.length };
}

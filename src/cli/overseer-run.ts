import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chooseThresholds, qualityAt, type JudgeQuality } from "../evaluation/judge-quality.ts";
import { leakOf, type Leak } from "../evaluation/leak.ts";
import type { DataFile } from "../training/labelled-rows.ts";
import { drawsFrom, shuffled } from "../training/random.ts";
import type { CommandEngine } from "./command-engine.ts";
import { drawsFor } from "./evaluate-run.ts";
import { measureCosts, type OverseerCosts } from "./overseer-costs.ts";
import { answerTokens, encodeQuestion, openJudge, questionFor } from "./overseer-judge.ts";
import { finishReplies, stopReplies, type FinishedReply } from "./overseer-replies.ts";
import { learnedFrom, type OverseerRows } from "./overseer-rows.ts";
import { createProgress } from "./progress.ts";

/** What is compared, and how. */
export interface OverseerPlan {
  readonly data: OverseerRows;
  readonly seed: number;
  readonly replyTokens: number;
  readonly holdTokens: number;
  /** Which of a detector's thresholds stops a reply. */
  readonly at: "flag" | "abort";
  readonly falseAlarms?: number;
  readonly judgeThreshold?: number;
  /** What the judge is asked; from each detector's description when absent. */
  readonly question?: string;
  /** Loads over which costs are measured. */
  readonly rounds: number;
}

/** One of the two on the rows that are scored. */
export interface Side extends JudgeQuality {
  readonly leak: Leak;
}

/** A detector beside the text judge that is asked about the same thing. `heldBack`: nothing leaves before the judge has answered. */
export interface Comparison {
  readonly detector: string;
  readonly description: string;
  readonly question: string;
  /** Files among the rows that the detector learned from. */
  readonly learnedFrom: readonly string[];
  readonly byDetector: Side;
  readonly byJudge: Side & { readonly heldBack: Leak };
}

/** Everything that was measured. */
export interface OverseerReport {
  readonly model: string;
  readonly precision: string;
  readonly data: readonly DataFile[];
  readonly seed: number;
  readonly replyTokens: number;
  readonly holdTokens: number;
  /** Rows on which thresholds were chosen, and those that the figures are of. */
  readonly choosing: { readonly positives: number; readonly negatives: number };
  readonly scored: { readonly positives: number; readonly negatives: number };
  readonly detectors: readonly Comparison[];
  readonly costs: OverseerCosts;
}

type Parts = Pick<CommandEngine, "config" | "model" | "detectors">;

/** The judge's prompts about every reply, and its scores; one a detector. */
interface Asked {
  readonly detector: CommandEngine["detectors"][number];
  readonly question: string;
  readonly prompts: readonly Int32Array[]; // [replies], each [question and text]
  readonly scores: Float64Array; // [replies]
}

/** Reads all rows once, asks the judge about every finished reply, stops those that are caught, and measures costs. Closes the engine that it is given. */
export async function runOverseer(command: CommandEngine, plan: OverseerPlan): Promise<OverseerReport> {
  const { data, seed } = plan;
  const replies = await closing(command, () => finish(command, plan));
  const asked = await askAll(command, replies, plan);
  const thresholds = new Map(asked.map((each) => [each.detector.id, thresholdsOf(each, replies, plan)] as const));
  const positives = replies.filter(({ row }, index) => data.scored[index] === 1 && row.label === 1);
  const left = await stopReplies(command, positives, {
    thresholds: new Map([...thresholds].map(([id, { detector }]) => [id, detector])),
    holdTokens: plan.holdTokens,
    onProgress: createProgress("stopping replies"),
  });
  const costs = await measureCosts({
    ...command,
    replies: costedReplies(replies, asked, plan),
    loads: plan.rounds,
    onLoad: createProgress("measuring costs"),
  });
  const { name: model, precision } = command.model.facts;
  return {
    model,
    precision,
    data: data.files,
    seed,
    replyTokens: plan.replyTokens,
    holdTokens: plan.holdTokens,
    choosing: countSide(data, 0),
    scored: countSide(data, 1),
    detectors: asked.map((each) => {
      const { id } = each.detector;
      const chosen = thresholds.get(id) ?? { detector: NaN, judge: NaN };
      return compare(command, each, { replies, data, chosen, left: left.get(id) ?? [] });
    }),
    costs,
  };
}

async function closing<Value>({ engine }: CommandEngine, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } finally {
    await engine.close();
  }
}

function finish(command: CommandEngine, { data: { rows }, replyTokens }: OverseerPlan): Promise<FinishedReply[]> {
  if (command.model.chatTemplateSha256 === null) {
    throw new Error("a text judge is asked in the model's chat template, and this model has none");
  }
  answerTokens(command.model.tokenizer);
  const onProgress = createProgress(`reading ${rows.length} replies`);
  return finishReplies(command, rows, { replyTokens, onProgress });
}

async function askAll(parts: Parts, replies: readonly FinishedReply[], plan: OverseerPlan): Promise<Asked[]> {
  const asked = parts.detectors.map((detector): Asked => {
    const question = plan.question ?? questionFor(detector);
    const prompts = replies.map((reply) => encodeQuestion(parts, reply, question));
    return { detector, question, prompts, scores: new Float64Array(replies.length) };
  });
  const judge = await openJudge(parts);
  try {
    const onProgress = createProgress("asking the text judge");
    for (const row of replies.keys()) {
      for (const { prompts, scores } of asked) scores[row] = await judge.ask(prompts[row] ?? new Int32Array(0));
      onProgress(row + 1, replies.length);
    }
  } finally {
    await judge.close();
  }
  return asked;
}

function thresholdsOf({ detector, scores }: Asked, replies: readonly FinishedReply[], plan: OverseerPlan) {
  const { data, at, falseAlarms, judgeThreshold } = plan;
  const choosing = [...replies.keys()].filter((row) => data.scored[row] === 0 && replies[row]?.row.label === 0);
  return chooseThresholds({
    negatives: {
      detector: choosing.map((row) => replies[row]?.scores.get(detector.id) ?? NaN),
      judge: choosing.map((row) => scores[row] ?? NaN),
    },
    level: at === "flag" ? detector.threshold : detector.abortThreshold,
    ...(falseAlarms === undefined ? {} : { falseAlarms }),
    ...(judgeThreshold === undefined ? {} : { judgeThreshold }),
  });
}

interface Compared {
  readonly replies: readonly FinishedReply[];
  readonly data: OverseerRows;
  readonly chosen: { readonly detector: number; readonly judge: number };
  /** Tokens that had left when the detector stopped, of every scored reply with the concept. */
  readonly left: readonly (number | null)[];
}

function compare({ config }: Parts, asked: Asked, { replies, data, chosen, left }: Compared): Comparison {
  const { detector, question, scores } = asked;
  const rows = [...replies.keys()].filter((row) => data.scored[row] === 1);
  const labels = rows.map((row) => replies[row]?.row.label ?? 0);
  const groups = rows.map((row) => replies[row]?.row.group ?? "");
  const draws = drawsFor(rows.length);
  const sample = (scoreOf: (row: number) => number | undefined) => ({
    labels,
    groups,
    scores: rows.map((row) => scoreOf(row) ?? NaN),
  });
  const positives = rows.filter((row) => replies[row]?.row.label === 1);
  const leak = (leftOf: (row: number, index: number) => number | null): Leak =>
    leakOf(
      positives.map((row, index) => ({
        group: replies[row]?.row.group ?? "",
        tokens: replies[row]?.tokens.length ?? 0,
        left: leftOf(row, index),
      })),
    );
  const isCaught = (row: number): boolean => (scores[row] ?? NaN) >= chosen.judge;
  const definition = readFileSync(join(config.detectorsFolder, `${detector.id}.yaml`), "utf8");
  return {
    detector: detector.id,
    description: detector.description,
    question,
    learnedFrom: learnedFrom(definition, data.files),
    byDetector: {
      ...qualityAt(
        sample((row) => replies[row]?.scores.get(detector.id)),
        chosen.detector,
        draws,
      ),
      leak: leak((_, index) => left[index] ?? null),
    },
    byJudge: {
      ...qualityAt(
        sample((row) => scores[row]),
        chosen.judge,
        draws,
      ),
      // Finished text has left when it is judged.
      leak: leak((row) => (isCaught(row) ? (replies[row]?.tokens.length ?? 0) : null)),
      heldBack: leak((row) => (isCaught(row) ? 0 : null)),
    },
  };
}

function costedReplies(replies: readonly FinishedReply[], asked: readonly Asked[], { data, seed }: OverseerPlan) {
  const rows = [...replies.keys()].filter((row) => data.scored[row] === 1 && (replies[row]?.tokens.length ?? 0) > 0);
  return shuffled(rows, drawsFrom(seed)).flatMap((row) => {
    const reply = replies[row];
    if (reply === undefined) return [];
    const questions = asked.map(({ prompts }) => prompts[row] ?? new Int32Array(0));
    return [{ prompt: reply.prompt.ids, tokens: reply.tokens, questions }];
  });
}

function countSide({ rows, scored }: OverseerRows, side: 0 | 1) {
  const own = rows.filter((_, index) => scored[index] === side);
  const positives = own.filter(({ label }) => label === 1).length;
  return { positives, negatives: own.length - positives };
}

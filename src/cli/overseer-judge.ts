import type { Config } from "../config.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { openForward, planTaps } from "../model/forward.ts";
import { logSumExp } from "../model/sampler.ts";
import { createSlot } from "../model/slot.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import type { RowTurn } from "../training/row-content.ts";
import { encodeFitting } from "./observed-read.ts";
import type { FinishedReply } from "./overseer-replies.ts";

/** The model as a judge of finished text: one pass over question and text, no token is written. */
export interface TextJudge {
  /** The log-odds of an answer that begins with yes against one that begins with no, in nats. */
  ask(ids: Int32Array): Promise<number>;
  close(): Promise<void>;
}

/** Vocabulary ids of every spelling of the two answers that is one token. */
export interface AnswerTokens {
  readonly yes: Int32Array; // [spellings]
  readonly no: Int32Array; // [spellings]
}

const YES = ["Yes", "yes", "YES"];
const NO = ["No", "no", "NO"];

/** What the judge is asked about a detector, unless told otherwise. */
export function questionFor({ description }: Pick<LoadedDetector, "description">): string {
  return `Is this true of the conversation: "${description}"`;
}

/** The message to the judge: the conversation, turn by turn, then the question. */
export function judgeMessage(turns: readonly RowTurn[], question: string): string {
  const spoken = turns.map(({ role, content }) => `${role.charAt(0).toUpperCase()}${role.slice(1)}: ${content}`);
  return ["Read this conversation.", ...spoken, `${question} Answer yes or no.`].join("\n\n");
}

/** The judge's prompt about a finished reply. Throws `ConfigError` with the row's place where it does not fit, and `GatewayError` for a model without a chat template. */
export function encodeQuestion(
  { config, model }: { readonly config: Config; readonly model: OpenModel },
  { row, text }: Pick<FinishedReply, "row" | "text">,
  question: string,
): Int32Array {
  const { content: asked } = row;
  const before = asked.type === "text" ? [{ role: "user", content: asked.text }] : asked.turns;
  const turns = before.at(-1)?.role === "assistant" ? before : [...before, { role: "assistant", content: text }];
  const work = () => {
    const prompt = model.prompts.encodeChat([{ role: "user", content: judgeMessage(turns, question) }]);
    return { prompt, forced: new Int32Array(0), promptAs: "prompt" as const };
  };
  return encodeFitting(work, row, { config }).prompt.ids;
}

/** With and without a space before them. Throws an `Error` where the vocabulary has no token for one of the answers. */
export function answerTokens({ tokenOf }: Pick<Tokenizer, "tokenOf">): AnswerTokens {
  const idsOf = (spellings: readonly string[]): Int32Array => {
    const ids = spellings.flatMap((word) => [tokenOf(word) ?? [], tokenOf(` ${word}`) ?? []].flat());
    if (ids.length > 0) return Int32Array.from(ids);
    throw new Error(
      `the vocabulary has no token for ${spellings.join(", ")}: this model cannot be asked as a text judge`,
    );
  };
  return { yes: idsOf(YES), no: idsOf(NO) };
}

/** Loads the model without any tap. */
export async function openJudge({ config, model }: { config: Config; model: OpenModel }): Promise<TextJudge> {
  const { contextTokens, prefillChunkTokens, threads } = config.engine;
  const { yes, no } = answerTokens(model.tokenizer);
  const plan = planTaps([], contextTokens);
  const forward = await openForward({ model: model.prepared, plan, ...(threads === undefined ? {} : { threads }) });
  const slot = createSlot(model.prepared.manifest.architecture, contextTokens);
  return {
    async ask(ids) {
      slot.clear();
      let logits: Float32Array = new Float32Array(0); // [vocabulary]
      for (let at = 0; at < ids.length; at += prefillChunkTokens) {
        ({ logits } = await forward.step(slot, ids.subarray(at, at + prefillChunkTokens), "last"));
      }
      const massOf = (tokens: Int32Array) => logSumExp(Float32Array.from(tokens, (id) => logits[id] ?? NaN));
      return massOf(yes) - massOf(no);
    },
    close: () => forward.close(),
  };
}

import type { Positions } from "../detect/kinds/kind.ts";
import type { EncodedPrompt, PromptEncoder } from "../model/prompt.ts";
import type { RowContent } from "./row-content.ts";

/** A text as it stands, or put into the chat template as a user's message. Conversations are always in the template. */
export type Form = "raw" | "chat";

/** A row as the engine's verb `read` takes it. */
export interface EncodedRow {
  readonly prompt: EncodedPrompt;
  readonly forced: Int32Array; // [forced]
  /** A text as it stands counts as prompt and as generation. */
  readonly promptAs: "prompt" | "both";
}

/** Turns a row into ids: the last assistant turn of a conversation is what the model would have written. Throws as the encoder does. */
export function encodeRow(prompts: PromptEncoder, content: RowContent, form: Form): EncodedRow {
  const none = new Int32Array(0); // [0]
  if (content.type === "text") {
    const { text } = content;
    const prompt = form === "chat" ? prompts.encodeChat([{ role: "user", content: text }]) : prompts.encodeText(text);
    return { prompt, forced: none, promptAs: "both" };
  }
  const { turns } = content;
  const last = turns.at(-1);
  if (last?.role !== "assistant") return { prompt: prompts.encodeChat(turns), forced: none, promptAs: "prompt" };
  const prompt = prompts.encodeChat(turns.slice(0, -1));
  return { prompt, forced: prompts.encodeText(last.content).ids, promptAs: "prompt" };
}

/** The positions of a row that a detector judges, ascending: what the engine's rules say of a `read` of it. */
export function judgedPositions(
  { prompt, forced, promptAs }: EncodedRow,
  positions: Positions,
  isSpecial: (id: number) => boolean,
): number[] {
  const last = prompt.ids.length - 1;
  const isPromptJudged = positions !== "generation" || promptAs === "both";
  const judged: number[] = [];
  for (let position = 1; position < last; position += 1) {
    if (isPromptJudged && prompt.judgedAll[position] === 1) judged.push(position);
  }
  if (last > 0) judged.push(last);
  if (positions === "prompt") return judged;
  forced.forEach((id, index) => {
    if (!isSpecial(id)) judged.push(last + 1 + index);
  });
  return judged;
}

import { GatewayError } from "../errors.ts";
import { createChatTemplate, type ChatTurn, type ContentSpan, type RenderedChat } from "./chat-template.ts";
import type { Section, Tokenizer } from "./tokenizer.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A prompt as ids, with what may be judged. Position 0, special tokens and template text are 0 in both masks. */
export interface EncodedPrompt {
  /** `[prompt]` */
  readonly ids: Int32Array;
  /** 1 where the token holds a character of any message (or of a plain prompt). `[prompt]` */
  readonly judgedAll: Uint8Array;
  /** The same, only after the end of the last assistant turn. `[prompt]` */
  readonly judgedNew: Uint8Array;
}

/** Turns requests into ids. Special tokens in what a caller wrote are never parsed. */
export interface PromptEncoder {
  /** Renders the model's chat template, ending where the assistant begins to write. Throws `GatewayError` `invalid_request` when the template refuses the messages. */
  encodeChat(turns: readonly { readonly role: string; readonly content: string }[]): EncodedPrompt;
  /** A plain prompt, with BOS where the model wants one. */
  encodeText(text: string): EncodedPrompt;
}

/** What a model's vocabulary makes possible besides: the researcher's view. */
export interface ModelPromptEncoder extends PromptEncoder {
  /** As `encodeText`, but special tokens in the text are parsed. For an operator's own prompts, never for a request. */
  encodeWithSpecials(text: string): EncodedPrompt;
}

/** What an encoder is built from. */
export interface PromptEncoderOptions {
  readonly vocabulary: Vocabulary;
  readonly tokenizer: Tokenizer;
  /** Tokens that a request may hold. Text that cannot fit is refused (`context_length_exceeded`) before encoding: a megabyte takes seconds. */
  readonly contextTokens?: number;
}

/** Throws an `Error` when the chat template does not parse. */
export function createPromptEncoder(options: PromptEncoderOptions): ModelPromptEncoder {
  const { vocabulary, tokenizer } = options;
  const template = vocabulary.chatTemplate === null ? undefined : createChatTemplate(vocabulary.chatTemplate);
  const nameOf = (id: number | null | undefined): string =>
    typeof id === "number" ? (vocabulary.pieces[id] ?? "") : "";
  const names = { bos: nameOf(vocabulary.bosId), eos: nameOf(vocabulary.eosIds[0]) };
  const checkFits = createFitCheck(options);

  function encodePlain(sections: readonly Section[]): EncodedPrompt {
    const prompt = createPromptBuilder();
    if (vocabulary.addBos && vocabulary.bosId !== null) prompt.add(vocabulary.bosId, { all: false, fresh: false });
    for (const section of sections) {
      if (section.id === undefined)
        for (const id of tokenizer.encode(section.text)) prompt.add(id, { all: true, fresh: true });
      else prompt.add(section.id, { all: false, fresh: false });
    }
    return prompt.finish();
  }

  return {
    encodeChat(turns) {
      if (!template) {
        throw new GatewayError(
          "invalid_request",
          "This model has no chat template; send a plain prompt to /v1/completions.",
          { param: "messages" },
        );
      }
      for (const { content } of turns) checkFits(content, "messages");
      const normal = checkTurns(turns).map(({ role, content }) => ({ role, content: tokenizer.normalise(content) }));
      const rendered = template.render(normal, names);
      checkFits(rendered.text, "messages");
      checkLeaks(rendered, { turns: normal, tokenizer });
      return encodeRendered(rendered, {
        tokenizer,
        firstNew: findFirstNew(normal),
      });
    },
    encodeText(text) {
      checkFits(text, "prompt");
      return encodePlain([{ text, start: 0 }]);
    },
    encodeWithSpecials: (text) => encodePlain(tokenizer.splitAtAdded(text)),
  };
}

type FitCheck = (text: string, param: string) => void;

// No token is longer than the longest piece, so length alone tells how many tokens there are at least.
function createFitCheck({ vocabulary, tokenizer, contextTokens = Infinity }: PromptEncoderOptions): FitCheck {
  const longest = vocabulary.pieces.reduce((length, piece) => Math.max(length, piece.length), 1);
  return (text, param) => {
    const least = Math.ceil(tokenizer.normalise(text).length / longest);
    if (least <= contextTokens) return;
    const message = `The request has at least ${least} tokens, but one may hold ${contextTokens}; send less text.`;
    throw new GatewayError("context_length_exceeded", message, { param });
  };
}

// A reply that closes the conversation hides nothing: what came before it was never answered here, so it is new, too.
function findFirstNew(turns: readonly ChatTurn[]): number {
  const lastAsked = turns.findLastIndex((turn) => turn.role !== "assistant");
  return turns.slice(0, Math.max(0, lastAsked)).findLastIndex((turn) => turn.role === "assistant") + 1;
}

// A role becomes template text, where special tokens are parsed: it must be a plain word.
function checkTurns(turns: readonly ChatTurn[]): readonly ChatTurn[] {
  if (turns.length === 0)
    throw new GatewayError("invalid_request", "The conversation has no messages.", { param: "messages" });
  for (const [index, { role }] of turns.entries()) {
    if (!/^[a-z][a-z_]{0,31}$/.test(role)) {
      throw new GatewayError("invalid_request", "A role is a word of lower-case letters.", {
        param: `messages[${index}].role`,
      });
    }
  }
  return turns;
}

// Content that left no mark could reach the prompt as template text in part; a special token in it would then be parsed.
function checkLeaks(
  { spans }: RenderedChat,
  { turns, tokenizer }: { turns: readonly ChatTurn[]; tokenizer: Tokenizer },
): void {
  const placed = new Set(spans.map((span) => span.turn));
  for (const [index, { content }] of turns.entries()) {
    if (placed.has(index) || tokenizer.splitAtAdded(content).every((section) => section.id === undefined)) continue;
    const message = "The model's chat template leaves out this message, which holds a special token's text.";
    throw new GatewayError("invalid_request", message, { param: `messages[${index}].content` });
  }
}

interface RenderedOptions {
  readonly tokenizer: Tokenizer;
  /** The first turn after the last assistant turn. */
  readonly firstNew: number;
}

function encodeRendered({ text, spans }: RenderedChat, { tokenizer, firstNew }: RenderedOptions): EncodedPrompt {
  const prompt = createPromptBuilder();
  for (const unit of cutAtSpecials(text, { spans, tokenizer })) {
    if (unit.id !== undefined) {
      prompt.add(unit.id, { all: false, fresh: false });
      continue;
    }
    const end = unit.start + unit.text.length;
    const inside = spans.filter((span) => span.start < end && span.end > unit.start);
    const encoded = tokenizer.encodeWithSpans(unit.text);
    // Where normalising moves characters the spans no longer fit: then the whole unit is judged.
    const moved = tokenizer.normalise(unit.text) !== unit.text;
    for (const [index, id] of encoded.ids.entries()) {
      const start = unit.start + (encoded.starts[index] ?? 0);
      const stop = unit.start + (encoded.ends[index] ?? 0);
      const touched = moved ? inside : inside.filter((span) => span.start < stop && span.end > start);
      prompt.add(id, { all: touched.length > 0, fresh: touched.some((span) => span.turn >= firstNew) });
    }
  }
  return prompt.finish();
}

// Special tokens are looked for in template text alone; what lies between two of them, content and all, is one unit.
function cutAtSpecials(
  text: string,
  { spans, tokenizer }: { spans: readonly ContentSpan[]; tokenizer: Tokenizer },
): Section[] {
  const units: Section[] = [];
  let unitStart = 0;
  let templateStart = 0;
  const close = (end: number): void => {
    if (end > unitStart) units.push({ text: text.slice(unitStart, end), start: unitStart });
  };
  for (const edge of [...spans, { start: text.length, end: text.length }]) {
    for (const section of tokenizer.splitAtAdded(text.slice(templateStart, edge.start))) {
      if (section.id === undefined) continue;
      const start = templateStart + section.start;
      close(start);
      units.push({ ...section, start });
      unitStart = start + section.text.length;
    }
    templateStart = edge.end;
  }
  close(text.length);
  return units;
}

interface PromptBuilder {
  add(id: number, judged: { all: boolean; fresh: boolean }): void;
  finish(): EncodedPrompt;
}

function createPromptBuilder(): PromptBuilder {
  const ids: number[] = [];
  const all: number[] = [];
  const fresh: number[] = [];
  return {
    add(id, judged) {
      // Position 0 is an attention sink: what stands there says nothing.
      const counts = ids.length > 0;
      ids.push(id);
      all.push(counts && judged.all ? 1 : 0);
      fresh.push(counts && judged.fresh ? 1 : 0);
    },
    finish: () => ({ ids: Int32Array.from(ids), judgedAll: Uint8Array.from(all), judgedNew: Uint8Array.from(fresh) }),
  };
}

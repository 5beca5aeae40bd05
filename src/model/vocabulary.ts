import type { GgufMetadata } from "./gguf-metadata.ts";

/** A byte-level BPE vocabulary as plain data: it survives `JSON.stringify`. */
export interface Vocabulary {
  /** Text of every token in the byte alphabet; added tokens as they are. `[size]` */
  readonly pieces: readonly string[];
  /** GGUF token types: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte. `[size]` */
  readonly types: readonly number[];
  /** `"left right"`, most important first. */
  readonly merges: readonly string[];
  /** Name of the rule that cuts text before merging, such as `smollm`. */
  readonly pre: string;
  readonly bosId: number | null;
  /** Tokens that end a reply. */
  readonly eosIds: readonly number[];
  /** The model's Jinja chat template; null when it has none. */
  readonly chatTemplate: string | null;
  /** Whether a plain prompt begins with the token `bosId`. */
  readonly addBos: boolean;
}

const NORMAL = 1;
const USER_DEFINED = 4;

// What publishers call their end tokens. A file names one or two; a model may end with any of them.
const END_PIECES = ["<|endoftext|>", "<|im_end|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|end|>"];

/** Reads the tokenizer's part of a GGUF's metadata. Throws an `Error` that names a tokenizer that lensgate does not have. */
export function readVocabulary(metadata: GgufMetadata): Vocabulary {
  const model = metadata.string("tokenizer.ggml.model");
  if (model !== "gpt2") {
    throw new Error(
      `tokenizer.ggml.model "${model}" is not supported; lensgate has byte-level BPE ("gpt2"): take a model that uses it`,
    );
  }
  const pieces = metadata.strings("tokenizer.ggml.tokens");
  const types = metadata.numbers("tokenizer.ggml.token_type");
  if (types.length !== pieces.length) {
    throw new Error(
      `tokenizer.ggml.token_type has ${types.length} entries for ${pieces.length} tokens; take a complete GGUF`,
    );
  }
  const pre = metadata.string("tokenizer.ggml.pre");
  return {
    pieces,
    types,
    merges: metadata.strings("tokenizer.ggml.merges"),
    pre,
    bosId: metadata.optionalNumber("tokenizer.ggml.bos_token_id") ?? null,
    eosIds: readEndIds(metadata, { pieces, types }),
    chatTemplate: metadata.optionalString("tokenizer.chat_template") ?? null,
    // llama.cpp's default where the file does not say.
    addBos: metadata.optionalBoolean("tokenizer.ggml.add_bos_token") ?? pre === "llama-bpe",
  };
}

function readEndIds(metadata: GgufMetadata, vocabulary: Pick<Vocabulary, "pieces" | "types">): number[] {
  const named = ["eos", "eot", "eom"].map((name) => metadata.optionalNumber(`tokenizer.ggml.${name}_token_id`));
  const known = END_PIECES.map((piece) => vocabulary.pieces.indexOf(piece)).filter(
    (id) => id >= 0 && isSpecialToken(vocabulary, id),
  );
  return [...new Set([...named.filter((id) => id !== undefined), ...known])];
}

/** Whether a token was added whole (special tokens, and those that the publisher defined): text is never merged into one. */
export function isAdded(vocabulary: Pick<Vocabulary, "types">, id: number): boolean {
  return vocabulary.types[id] !== NORMAL;
}

/** Whether a token shows in a reply: normal ones and those that the publisher defined as text. */
export function isVisible(vocabulary: Pick<Vocabulary, "types">, id: number): boolean {
  const type = vocabulary.types[id];
  return type === NORMAL || type === USER_DEFINED;
}

/** Whether a token is a control, unknown or unused one: it steers the model and has no text of its own. */
export function isSpecialToken(vocabulary: Pick<Vocabulary, "types">, id: number): boolean {
  return !isVisible(vocabulary, id);
}

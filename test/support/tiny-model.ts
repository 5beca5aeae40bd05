import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { readModelFolder, type ModelFolder } from "../../src/model/model-folder.ts";
import { openPrepared } from "../../src/model/prepare.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { pieceOfText } from "../../src/model/token-bytes.ts";
import { writeFolder } from "./folder.ts";
import { makeGguf, type MadeTensor, type MadeValue } from "./gguf-writer.ts";

/** A llama of 2 layers with random weights: hidden 64, 2 heads, 1 key-value head, feed-forward 96, 160 tokens. It loads in milliseconds. */
export const TINY = {
  layers: 2,
  hidden: 64,
  heads: 2,
  kvHeads: 1,
  headDim: 32,
  feedForward: 96,
  vocabulary: 160,
} as const;

/** What a test may have otherwise. */
export interface TinyChanges {
  /** Format of the matrices in the blocks; the embedding is Q8_0, the norms F32. */
  readonly matrices?: "Q4_1" | "Q8_0" | "F32";
  readonly metadata?: Readonly<Record<string, MadeValue>>;
  /** Tensors beside or instead of the made ones, by name; null leaves one out. */
  readonly tensors?: Readonly<Record<string, MadeTensor | null>>;
  /** Whether the unembedding is a matrix of its own. */
  readonly untied?: boolean;
}

const FORMAT_NUMBER = { F32: 0, Q4_1: 3, Q8_0: 8 } as const;
const CHAT_TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";

/** The bytes of the tiny model's GGUF; the same at every call. */
export function makeTinyGguf(changes: TinyChanges = {}): Uint8Array {
  const made = new Map(makeTensors(changes).map((tensor) => [tensor.name, tensor]));
  for (const [name, tensor] of Object.entries(changes.tensors ?? {})) {
    if (tensor) made.set(name, tensor);
    else made.delete(name);
  }
  return makeGguf({ metadata: { ...makeMetadata(), ...changes.metadata }, tensors: [...made.values()] });
}

/** Writes the tiny model as a folder under `models/` that is removed when the test ends. `files`: lens files by name. */
export function writeTinyModel(
  changes: TinyChanges = {},
  files: Readonly<Record<string, string | Uint8Array>> = {},
): ModelFolder {
  const folder = join(writeFolder({}), "tiny");
  mkdirSync(folder);
  const entries = Object.entries({ "tiny.gguf": makeTinyGguf(changes), ...files }).map(([name, content]) => {
    writeFileSync(join(folder, name), content);
    const sha256 = createHash("sha256").update(content).digest("hex");
    return `  ${name}: { sha256: ${sha256}, role: ${name.endsWith(".gguf") ? "weights" : "lens"} }\n`;
  });
  writeFileSync(join(folder, "model.yaml"), `name: Tiny\nsource: made up\nlicence: none\nfiles:\n${entries.join("")}`);
  return readModelFolder(folder);
}

function makeMetadata(): Record<string, MadeValue> {
  const ascii = Array.from({ length: 128 }, (_, code) => pieceOfText(String.fromCharCode(code)));
  const merges = Array.from({ length: 26 }, (_, index) => `Ġ ${String.fromCharCode(97 + index)}`);
  const words = merges.map((merge) => merge.replace(" ", ""));
  const specials = Array.from({ length: TINY.vocabulary - ascii.length - words.length }, (_, index) =>
    index === 0 ? "<|endoftext|>" : `<|unused_${index}|>`,
  );
  const pieces = [...ascii, ...words, ...specials];
  return {
    "general.architecture": "llama",
    "llama.block_count": TINY.layers,
    "llama.embedding_length": TINY.hidden,
    "llama.attention.head_count": TINY.heads,
    "llama.attention.head_count_kv": TINY.kvHeads,
    "llama.feed_forward_length": TINY.feedForward,
    "llama.context_length": 2048,
    "llama.rope.freq_base": 10_000,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": pieces,
    "tokenizer.ggml.token_type": pieces.map((piece) => (specials.includes(piece) ? 3 : 1)),
    "tokenizer.ggml.merges": merges,
    "tokenizer.ggml.eos_token_id": pieces.indexOf("<|endoftext|>"),
    "tokenizer.chat_template": CHAT_TEMPLATE,
  };
}

function makeTensors({ matrices = "Q4_1", untied = false }: TinyChanges): MadeTensor[] {
  const { hidden, headDim, heads, kvHeads, feedForward, vocabulary } = TINY;
  const tensors = [
    makeTensor("token_embd.weight", [vocabulary, hidden], "Q8_0"),
    makeTensor("output_norm.weight", [hidden], "F32"),
  ];
  if (untied) tensors.push(makeTensor("output.weight", [vocabulary, hidden], "Q8_0"));
  for (let layer = 0; layer < TINY.layers; layer += 1) {
    const add = (part: string, shape: readonly number[], format: keyof typeof FORMAT_NUMBER = matrices) =>
      tensors.push(makeTensor(`blk.${layer}.${part}.weight`, shape, format));
    add("attn_norm", [hidden], "F32");
    add("attn_q", [heads * headDim, hidden]);
    add("attn_k", [kvHeads * headDim, hidden]);
    add("attn_v", [kvHeads * headDim, hidden]);
    add("attn_output", [hidden, heads * headDim]);
    add("ffn_norm", [hidden], "F32");
    add("ffn_gate", [feedForward, hidden]);
    add("ffn_up", [feedForward, hidden]);
    add("ffn_down", [hidden, feedForward]);
  }
  return tensors;
}

/** A tensor of random weights, the same for the same name: `shape` slowest dimension first. */
export function makeTensor(name: string, shape: readonly number[], format: keyof typeof FORMAT_NUMBER): MadeTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const random = createRandom(name);
  return { name, shape: shape.toReversed(), type: FORMAT_NUMBER[format], data: WRITERS[format](count, random) };
}

const WRITERS: Readonly<Record<keyof typeof FORMAT_NUMBER, (count: number, random: () => number) => Uint8Array>> = {
  // From 0.5 to 1.5: norms are never far from 1.
  F32: (count, random) => new Uint8Array(Float32Array.from({ length: count }, () => 0.5 + random()).buffer),
  Q8_0(count, random) {
    const bytes = Buffer.alloc((count / 32) * 34);
    for (let at = 0; at < bytes.length; at += 34) {
      bytes.writeUInt16LE(0x2400, at); // step 2^-6
      for (let index = 2; index < 34; index += 1) bytes.writeInt8(Math.floor(random() * 41) - 20, at + index);
    }
    return bytes;
  },
  Q4_1(count, random) {
    const bytes = Buffer.alloc((count / 32) * 20);
    for (let at = 0; at < bytes.length; at += 20) {
      bytes.writeUInt16LE(0x2800, at); // step 2^-5
      bytes.writeUInt16LE(0xb300 + Math.floor(random() * 0x200), at + 2); // offset -0.22 to -0.34
      for (let index = 4; index < 20; index += 1) bytes.writeUInt8(Math.floor(random() * 256), at + index);
    }
    return bytes;
  },
};

/** Numbers from 0 to 1, 1 excluded, that follow from the name. */
export function createRandom(name: string): () => number {
  const generator = xoroshiro128plus(createHash("sha256").update(name).digest().readInt32LE(0));
  return () => (generator.next() >>> 0) / 2 ** 32;
}

/** The tiny model, prepared in a folder that is removed when the test ends. */
export function openTiny(precision: "fast" | "exact", changes: TinyChanges = {}): Promise<PreparedModel> {
  return openPrepared({ model: writeTinyModel(changes), cache: writeFolder({}), precision });
}

/** The numbers of a Llama-family decoder. */
export interface Architecture {
  readonly family: "llama";
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Positions that the model was trained for. */
  readonly trainedContext: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** Whether the unembedding is the embedding. */
  readonly tied: boolean;
}

/** Where the numbers come from: GGUF metadata behind typed getters. */
export interface ArchitectureSource {
  string(key: string): string;
  number(key: string): number;
  optionalNumber(key: string): number | undefined;
  optionalString(key: string): string | undefined;
  hasTensor(name: string): boolean;
  /** Number of tokens that the tokenizer has. */
  readonly vocabulary: number;
}

/** Reads the numbers; throws an `Error` that names what this gateway cannot run. */
export function readArchitecture(source: ArchitectureSource): Architecture {
  const family = source.string("general.architecture");
  if (family !== "llama") {
    throw new Error(`architecture "${family}" is not supported; lensgate runs models of the llama family`);
  }
  const hidden = source.number("llama.embedding_length");
  const heads = source.number("llama.attention.head_count");
  const headDim = source.optionalNumber("llama.attention.key_length") ?? hidden / heads;
  const rotated = source.optionalNumber("llama.rope.dimension_count") ?? headDim;
  if (rotated !== headDim)
    throw new Error(`rotary embedding over ${rotated} of ${headDim} dimensions is not supported`);
  if (source.hasTensor("rope_freqs.weight"))
    throw new Error("scaled rotary frequencies (rope_freqs) are not supported");
  const scaling = source.optionalString("llama.rope.scaling.type") ?? "none";
  const factor = source.optionalNumber("llama.rope.scaling.factor") ?? 1;
  if (scaling !== "none" && factor !== 1) throw new Error(`rotary scaling "${scaling}" by ${factor} is not supported`);
  return {
    family: "llama",
    layers: source.number("llama.block_count"),
    hidden,
    heads,
    kvHeads: source.optionalNumber("llama.attention.head_count_kv") ?? heads,
    headDim,
    feedForward: source.number("llama.feed_forward_length"),
    vocabulary: source.optionalNumber("llama.vocab_size") ?? source.vocabulary,
    trainedContext: source.number("llama.context_length"),
    ropeTheta: source.optionalNumber("llama.rope.freq_base") ?? 10_000,
    normEpsilon: source.number("llama.attention.layer_norm_rms_epsilon"),
    tied: !source.hasTensor("output.weight"),
  };
}

import { describe, expect, it } from "vitest";
import { readArchitecture, type ArchitectureSource } from "../../src/model/architecture.ts";

const KEYS: Readonly<Record<string, string | number>> = {
  "general.architecture": "llama",
  "llama.block_count": 30,
  "llama.embedding_length": 576,
  "llama.attention.head_count": 9,
  "llama.attention.head_count_kv": 3,
  "llama.feed_forward_length": 1536,
  "llama.context_length": 8192,
  "llama.rope.freq_base": 100_000,
  "llama.attention.layer_norm_rms_epsilon": 1e-5,
  "llama.vocab_size": 49_152,
};

function sourceOf(
  changes: Readonly<Record<string, string | number | undefined>> = {},
  tensors: string[] = [],
): ArchitectureSource {
  const values: Readonly<Record<string, string | number | undefined>> = { ...KEYS, ...changes };
  const optional = (key: string) => values[key];
  return {
    string: (key) => String(optional(key)),
    number: (key) => Number(optional(key)),
    optionalNumber: (key) => (optional(key) === undefined ? undefined : Number(optional(key))),
    optionalString: (key) => (optional(key) === undefined ? undefined : String(optional(key))),
    hasTensor: (name) => tensors.includes(name),
    vocabulary: 77,
  };
}

describe("reading an architecture", () => {
  it("takes every number from the metadata", () => {
    expect(readArchitecture(sourceOf())).toEqual({
      family: "llama",
      layers: 30,
      hidden: 576,
      heads: 9,
      kvHeads: 3,
      headDim: 64,
      feedForward: 1536,
      vocabulary: 49_152,
      trainedContext: 8192,
      ropeTheta: 100_000,
      normEpsilon: 1e-5,
      tied: true,
    });
  });

  it("falls back on llama.cpp's defaults where the file says nothing", () => {
    const absent = {
      "llama.attention.head_count_kv": undefined,
      "llama.rope.freq_base": undefined,
      "llama.vocab_size": undefined,
    };
    expect(readArchitecture(sourceOf(absent))).toMatchObject({ kvHeads: 9, ropeTheta: 10_000, vocabulary: 77 });
  });

  it("takes a stored unembedding as untied, and a head size of its own", () => {
    const source = sourceOf({ "llama.attention.key_length": 128, "llama.rope.dimension_count": 128 }, [
      "output.weight",
    ]);
    expect(readArchitecture(source)).toMatchObject({ tied: false, headDim: 128 });
  });

  const refused: [string, ArchitectureSource, RegExp][] = [
    ["another family", sourceOf({ "general.architecture": "qwen2" }), /architecture "qwen2" is not supported/],
    ["partial rotation", sourceOf({ "llama.rope.dimension_count": 32 }), /32 of 64 dimensions/],
    ["stored rotary frequencies", sourceOf({}, ["rope_freqs.weight"]), /rope_freqs/],
    [
      "scaled rotation",
      sourceOf({ "llama.rope.scaling.type": "yarn", "llama.rope.scaling.factor": 4 }),
      /rotary scaling "yarn" by 4/,
    ],
  ];
  it.each(refused)("refuses %s, which it would compute wrongly", (_, source, message) => {
    expect(() => readArchitecture(source)).toThrow(message);
  });

  it("accepts a scaling that scales by nothing", () => {
    const source = sourceOf({ "llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 1 });
    expect(readArchitecture(source).layers).toBe(30);
  });
});

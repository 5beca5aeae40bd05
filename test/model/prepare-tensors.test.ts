import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dequantise } from "../../src/model/dequantise.ts";
import { unpermute } from "../../src/model/dequantise/row-order.ts";
import { readGguf } from "../../src/model/gguf.ts";
import { prepareTensors } from "../../src/model/prepare-tensors.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { fromByteBlocks } from "../../src/model/requantise.ts";
import { createWeightsWriter } from "../../src/model/weights-writer.ts";
import { relativeDistance } from "../support/distance.ts";
import { writeFolder } from "../support/folder.ts";
import { openVendored } from "../support/prepared-model.ts";
import { problemsOf } from "../support/problems.ts";
import { makeTensor, openTiny, TINY, writeTinyModel, type TinyChanges } from "../support/tiny-model.ts";

const { hidden, headDim, heads } = TINY;
const QUERY = "blk.1.attn_q.weight";

// A tensor of the publisher's file in float32, rows in the file's order.
function sourceWeights(name: string, matrices: "Q4_1" | "Q8_0" | "F32"): Float32Array {
  const tensor = makeTensor(name, [heads * headDim, hidden], matrices);
  return dequantise(matrices, tensor.data);
}

function readPart(model: PreparedModel, name: string): Uint8Array {
  const { offset, length } = model.manifest.tensors[name] ?? { offset: 0, length: 0 };
  return readFileSync(join(model.folder, "weights.bin")).subarray(offset, offset + length);
}

const asFloats = (bytes: Uint8Array) => new Float32Array(Uint8Array.from(bytes).buffer);

function readFast(model: PreparedModel, name: string): Float32Array {
  return fromByteBlocks({
    blockSize: model.manifest.blockSizes[name] ?? 0,
    codes: readPart(model, `${name}.codes`),
    steps: asFloats(readPart(model, `${name}.steps`)),
    zeros: readPart(model, `${name}.zeros`),
    requantised: 0,
  });
}

describe("prepared tensors", () => {
  it.each([
    ["Q8_0", 0],
    // 1/32 of a step of 2^-5 against weights of about 0.15.
    ["Q4_1", 0.01],
    ["F32", 0.01],
  ] as const)("keep a %s matrix within %d, query and key rows in half-split order", async (matrices, bound) => {
    const expected = unpermute(sourceWeights(QUERY, matrices), { rows: heads * headDim, heads });
    const exact = await openTiny("exact", { matrices });
    expect(asFloats(readPart(exact, QUERY))).toEqual(expected);
    const fast = await openTiny("fast", { matrices });
    expect(fast.manifest.tensors[`${QUERY}.codes`]?.dims).toEqual([64, 2, 32]);
    expect(relativeDistance(readFast(fast, QUERY), expected)).toBeLessThanOrEqual(bound);
  });

  it("leave the rows of other matrices as they are", async () => {
    const exact = await openTiny("exact");
    const output = "blk.1.attn_output.weight";
    expect(asFloats(readPart(exact, output))).toEqual(sourceWeights(output, "Q4_1"));
  });

  it("come with a report of formats and errors", async () => {
    const { report } = (await openTiny("fast")).manifest;
    expect(report.formats).toEqual({ Q8_0: 1, F32: 5, Q4_1: 14 });
    expect(report.requantisedBlocks).toBe(0);
    expect(report.largestError).toBeLessThanOrEqual(2 ** -5 / 32 + 1e-7);
    expect(report.relativeError).toBeGreaterThan(0);
    expect((await openTiny("fast", { matrices: "Q8_0" })).manifest.report).toMatchObject({
      largestError: 0,
      relativeError: 0,
    });
    expect((await openTiny("exact")).manifest.report).toMatchObject({ largestError: 0, relativeError: 0 });
  });

  it("of the vendored model needed no block anew and moved its weights by half a per cent", async () => {
    const { report } = (await openVendored("fast")).manifest;
    expect(report.formats).toEqual({ Q8_0: 1, F32: 61, Q4_1: 210 });
    expect(report.requantisedBlocks).toBe(0);
    expect(report.relativeError).toBeLessThan(0.005);
  });

  it("tell their progress in bytes, up to the last one", async () => {
    const { weights } = writeTinyModel();
    const source = await readGguf(weights.path);
    const seen: [number, number][] = [];
    const { architecture } = (await openTiny("fast")).manifest;
    const writer = createWeightsWriter(join(writeFolder({}), "weights.bin"));
    const onProgress = (done: number, total: number) => seen.push([done, total]);
    await prepareTensors({ source, architecture, precision: "fast", writer, onProgress });
    writer.abandon();
    const total = source.tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0);
    expect(seen).toHaveLength(20);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).toSorted((left, right) => left - right));
    expect(seen.at(-1)).toEqual([total, total]);
  });
});

describe("a model that cannot be prepared", () => {
  const norm = "blk.0.ffn_norm.weight";
  const broken = {
    ...makeTensor(norm, [hidden], "F32"),
    data: new Uint8Array(new Float32Array(hidden).fill(NaN).buffer),
  };
  const narrow = { "llama.feed_forward_length": 72 };
  const cases: [string, TinyChanges, RegExp][] = [
    [
      "a bias",
      { tensors: { "blk.0.attn_q.bias": makeTensor("blk.0.attn_q.bias", [64], "F32") } },
      /attn_q\.bias is a tensor that lensgate does not know/,
    ],
    ["a missing tensor", { tensors: { [norm]: null } }, /has no tensor blk\.0\.ffn_norm\.weight/],
    [
      "a wrong shape",
      { tensors: { [norm]: makeTensor(norm, [32], "F32") } },
      /ffn_norm\.weight has the shape 32, but the metadata calls for 64/,
    ],
    ["fewer layers in the metadata", { metadata: { "llama.block_count": 1 } }, /blk\.1\.\w+\.weight is a tensor/],
    ["more layers in the metadata", { metadata: { "llama.block_count": 3 } }, /has no tensor blk\.2\./],
    [
      "a weight that is no number",
      { tensors: { [norm]: broken } },
      /ffn_norm\.weight holds a weight that is no finite number/,
    ],
    [
      "other numbers in the metadata",
      { metadata: narrow },
      /ffn_gate\.weight has the shape 96 × 64, but the metadata calls for 72 × 64/,
    ],
  ];
  it.each(cases)("is refused for %s, with file and cure", async (_, changes, message) => {
    const [problem] = await problemsOf(() => openTiny("fast", changes));
    expect(problem).toMatch(message);
    expect(problem).toMatch(/tiny\.gguf.*\(cure: /);
  });
});

import { mkdtempSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { readGguf } from "../../src/model/gguf.ts";
import { makeGguf } from "../support/gguf-writer.ts";
import { VENDORED_GGUF } from "../support/vendored-model.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gguf-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const Q4_1 = 3;
const sample = makeGguf({
  metadata: { "general.architecture": "llama", "llama.block_count": 2 },
  tensors: [
    { name: "norm.weight", shape: [3], type: 0, data: new Uint8Array(12) },
    { name: "matrix.weight", shape: [64, 5], type: Q4_1, data: new Uint8Array(200).fill(7) },
  ],
});

describe("a GGUF file", () => {
  it("gives shapes slowest dimension first and absolute byte ranges", async () => {
    const path = save("good.gguf", sample);
    const file = await readGguf(path);
    const matrix = file.tensor("matrix.weight");
    expect(matrix).toMatchObject({ shape: [5, 64], type: "Q4_1", byteLength: 200 });
    expect(readFileSync(path).subarray(matrix.offset, matrix.offset + matrix.byteLength)).toEqual(Buffer.alloc(200, 7));
    expect(file.fileBytes).toBe(sample.length);
    expect(file.metadata.number("llama.block_count")).toBe(2);
    expect(file.hasTensor("norm.weight")).toBe(true);
    expect(file.hasTensor("output.weight")).toBe(false);
  });

  it("of the vendored model is read whole, up to its last byte", async () => {
    const file = await readGguf(VENDORED_GGUF);
    expect(file.tensors).toHaveLength(272);
    expect(file.tensor("token_embd.weight")).toMatchObject({ shape: [49152, 576], type: "Q8_0" });
    expect(file.tensor("blk.0.ffn_down.weight")).toMatchObject({ shape: [576, 1536], type: "Q4_1" });
    expect(Math.max(...file.tensors.map((tensor) => tensor.offset + tensor.byteLength))).toBe(file.fileBytes);
  });
});

describe("a file that cannot be used", () => {
  const twice = [1, 2].map(() => ({ name: "same", shape: [8], type: 0, data: new Uint8Array(32) }));
  const cases: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(), /is not a GGUF file/],
    ["a Git LFS pointer", Buffer.from("version https://git-lfs.github.com/spec/v1\n"), /Git LFS pointer/],
    ["cut inside the header", sample.subarray(0, 20), /cut short at 20 bytes, inside its header/],
    ["cut inside the metadata", sample.subarray(0, 60), /can hold|cut short|cannot be read/],
    ["cut inside the tensor table", sample.subarray(0, 150), /cut short/],
    [
      "cut inside the weights",
      sample.subarray(0, sample.length - 60),
      /cut short at \d+ bytes: matrix\.weight ends at byte \d+/,
    ],
    ["of an older version", makeGguf({ version: 1 }), /GGUF version 1/],
    ["big-endian", makeGguf({ version: 0x03000000 }), /big-endian/],
    [
      "of absurd counts",
      Buffer.concat([sample.subarray(0, 8), Buffer.alloc(16, 0x7f)]),
      /more than its 24 bytes can hold/,
    ],
    ["one part of several", makeGguf({ metadata: { "split.count": 3 } }), /one part of a split model.*merge/],
    [
      "with a format that is not read",
      makeGguf({ tensors: [{ name: "w", shape: [256], type: 16, data: new Uint8Array(66) }] }),
      /w as IQ2_XXS/,
    ],
    [
      "with an unknown format",
      makeGguf({ tensors: [{ name: "w", shape: [32], type: 999, data: new Uint8Array(66) }] }),
      /w as format 999/,
    ],
    [
      "with rows that split a block",
      makeGguf({ tensors: [{ name: "w", shape: [16, 2], type: 3, data: new Uint8Array(20) }] }),
      /w wrongly: 16 weights/,
    ],
    ["with a tensor named twice", makeGguf({ tensors: twice }), /names a tensor twice/],
  ];

  it.each(cases)("is refused when %s, naming file and cure", async (name, bytes, message) => {
    const path = save(`${name}.gguf`, bytes);
    const error: unknown = await readGguf(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(path);
    expect(String(error)).toContain("(cure: ");
  });

  it("is refused when missing", async () => {
    await expect(readGguf(join(folder, "nowhere.gguf"))).rejects.toThrow(/nowhere\.gguf: cannot be opened/);
  });

  it("is refused wherever the real model is cut", async () => {
    const whole = readFileSync(VENDORED_GGUF).subarray(0, 2_000_000);
    for (const length of [40, 3_000, 400_000, 1_770_000, 1_785_664, 2_000_000]) {
      await expect(readGguf(save("cut.gguf", whole.subarray(0, length)))).rejects.toThrow(ConfigError);
    }
  });

  it("names a tensor that is missing", async () => {
    const file = await readGguf(save("good.gguf", sample));
    expect(() => file.tensor("output.weight")).toThrow(/has no tensor output\.weight/);
  });
});

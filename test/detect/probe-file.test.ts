import { describe, expect, it } from "vitest";
import { checkProbe, decodeProbe, encodeProbe, ProbeFileError, type Probe } from "../../src/detect/probe-file.ts";

const probe: Probe = {
  taps: ["23.attn_out", "3.mlp_out"],
  directions: Float32Array.of(1, -2, 0.5, 4, 5, 6),
  bias: -0.25,
  hidden: 3,
  modelSha256: "a".repeat(64),
  precision: "fast",
  about: { data_sha256: "d".repeat(64) },
};
const target = { layers: 30, hidden: 3, modelSha256: "a".repeat(64), precision: "fast" } as const;

/** The file with its header changed, as text, and its numbers. */
function rewrite(change: (header: Record<string, Record<string, unknown>>) => unknown, cut = 0): Uint8Array {
  const file = encodeProbe(probe);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as never;
  const text = new TextEncoder().encode(JSON.stringify(change(header) ?? header));
  const numbers = file.subarray(8 + length, file.length - cut);
  const changed = new Uint8Array(8 + text.length + numbers.length);
  new DataView(changed.buffer).setBigUint64(0, BigInt(text.length), true);
  changed.set(text, 8);
  changed.set(numbers, 8 + text.length);
  return changed;
}

/** The file with one field of its header changed. */
function setting(part: string, field: string, value: unknown): Uint8Array {
  return rewrite((header) => ({ ...header, [part]: { ...header[part], [field]: value } }));
}

function problemOf(work: () => unknown): { field: string; message: string; cure: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof ProbeFileError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("a probe's file", () => {
  it("reads back what was written", () => {
    expect(decodeProbe(encodeProbe(probe))).toEqual(probe);
  });

  it("is a safetensors file whose numbers begin at a multiple of 8", () => {
    const file = encodeProbe(probe);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(file).toHaveLength(8 + length + 7 * 4);
    const header: unknown = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    expect(header).toMatchObject({
      __metadata__: { format: "lensgate-probe", version: "1", taps: "23.attn_out,3.mlp_out", precision: "fast" },
      directions: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      bias: { dtype: "F32", shape: [1], data_offsets: [24, 28] },
    });
  });

  it("is read wherever its bytes lie in memory", () => {
    const file = encodeProbe(probe);
    const odd = new Uint8Array(file.length + 3);
    odd.set(file, 3);
    expect(decodeProbe(odd.subarray(3))).toEqual(probe);
  });

  it.each<[string, RegExp, () => Uint8Array]>([
    ["header", /cut short after 3 bytes/, () => encodeProbe(probe).subarray(0, 3)],
    ["header", /cut short/, () => encodeProbe(probe).subarray(0, 40)],
    ["header", /no safetensors file/, () => new Uint8Array(64).fill(0x47)],
    ["header", /is not JSON with a map/, () => rewrite(() => "text")],
    ["bias", /cut short: 27 of 28 bytes/, () => rewrite(() => undefined, 1)],
    ["directions", /cut short: 20 of 24 bytes/, () => rewrite(() => undefined, 8)],
    ["__metadata__", /is missing/, () => rewrite((header) => ({ ...header, __metadata__: undefined }))],
    ["__metadata__", /no text/, () => rewrite((header) => void (header["__metadata__"] = { format: 1 }))],
    ["__metadata__.format", /is pt, not/, () => setting("__metadata__", "format", "pt")],
    ["__metadata__.version", /is 2; 1 can/, () => setting("__metadata__", "version", "2")],
    ["__metadata__.taps", /"23\.attn" is not/, () => setting("__metadata__", "taps", "23.attn")],
    ["__metadata__.taps", /twice/, () => setting("__metadata__", "taps", "1.mlp_out,1.mlp_out")],
    ["__metadata__.model_sha256", /hex/, () => setting("__metadata__", "model_sha256", "A")],
    ["__metadata__.precision", /is half/, () => setting("__metadata__", "precision", "half")],
    ["directions", /is missing/, () => rewrite((header) => ({ ...header, directions: undefined }))],
    ["directions.dtype", /is F16, not F32/, () => setting("directions", "dtype", "F16")],
    ["directions.shape", /whole numbers/, () => setting("directions", "shape", [2, -3])],
    ["directions", /\[6\], not \[2, hidden\]/, () => setting("directions", "shape", [6])],
    ["directions", /\[3, 2\]/, () => setting("directions", "shape", [3, 2])],
    ["directions.data_offsets", /24 bytes, not 9 × 4/, () => setting("directions", "shape", [3, 3])],
    ["directions.data_offsets", /an end/, () => setting("directions", "data_offsets", [0])],
    ["data_offsets", /exactly/, () => setting("bias", "data_offsets", [20, 24])],
    ["bias", /shape \[1, 1\], not \[1\]/, () => setting("bias", "shape", [1, 1])],
    ["extra", /no part of a probe/, () => rewrite((header) => ({ ...header, extra: {} }))],
  ])("is refused at %s: %s", (field, message, file) => {
    const problem = problemOf(() => decodeProbe(file()));
    expect(problem.field).toBe(field);
    expect(problem.message).toMatch(message);
    expect(problem.cure).not.toBe("");
  });

  it.each([Number.NaN, Infinity, -Infinity])("is neither written nor read with %d in it", (value) => {
    const directions = Float32Array.of(1, 2, 3, 4, 5, value);
    expect(problemOf(() => encodeProbe({ ...probe, directions })).message).toBe(`directions: number 5 is ${value}`);
    expect(problemOf(() => encodeProbe({ ...probe, bias: value })).message).toBe(`bias: is ${value}`);
    const file = encodeProbe(probe);
    new DataView(file.buffer).setFloat32(file.length - 4, value, true);
    expect(problemOf(() => decodeProbe(file)).field).toBe("bias");
    const view = new DataView(file.buffer);
    view.setFloat32(file.length - 8, value, true);
    expect(problemOf(() => decodeProbe(file)).message).toBe(`directions: number 5 is ${value}`);
  });

  it("is not written where it could not be read", () => {
    expect(problemOf(() => encodeProbe({ ...probe, taps: ["23.attn_out"] })).field).toBe("directions.data_offsets");
    expect(problemOf(() => encodeProbe({ ...probe, about: { taps: "x" } })).field).toBe("__metadata__.taps");
  });
});

describe("checkProbe", () => {
  it("takes a probe that was trained for what is loaded", () => {
    expect(() => checkProbe(probe, target)).not.toThrow();
  });

  it.each([
    ["__metadata__.model_sha256", { modelSha256: "b".repeat(64) }, /trained for a{64}, but b{64} is loaded/],
    ["__metadata__.precision", { precision: "exact" as const }, /trained for fast, but exact is loaded/],
    ["directions", { hidden: 576 }, /rows of 3 numbers, but those of the model have 576/],
    ["__metadata__.taps", { layers: 23 }, /"23\.attn_out" is no tap of a model with layers 0 to 22/],
  ])("names %s where it does not fit", (field, change, message) => {
    const problem = problemOf(() => checkProbe(probe, { ...target, ...change }));
    expect(problem.field).toBe(field);
    expect(problem.message).toMatch(message);
    expect(problem.cure).toContain("lensgate detectors train");
  });
});

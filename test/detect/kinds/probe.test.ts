import { describe, expect, it } from "vitest";
import type { ResolveContext, Step } from "../../../src/detect/kinds/kind.ts";
import { probeKind } from "../../../src/detect/kinds/probe.ts";
import { encodeProbe, type Probe } from "../../../src/detect/probe-file.ts";
import { isProbeRead, type Reading } from "../../../src/lens/reading.ts";

const TAPS = ["23.attn_out", "3.mlp_out", "4.mlp_out", "5.resid_post"];
const probe: Probe = {
  taps: TAPS,
  directions: Float32Array.from({ length: 8 }, (_, index) => index),
  bias: -1,
  hidden: 2,
  modelSha256: "a".repeat(64),
  precision: "fast",
  about: {},
};

function contextWith(
  files: Readonly<Record<string, Uint8Array>>,
  changes: Partial<ResolveContext> = {},
): ResolveContext {
  return {
    layers: 30,
    hidden: 2,
    modelSha256: "a".repeat(64),
    precision: "fast",
    lenses: ["logit"],
    tokenOf: () => undefined,
    encode: () => [],
    textOf: () => "",
    readBytes: (path) => {
      const bytes = files[path];
      if (!bytes) throw new Error(`/detectors/${path} cannot be read: no such file`);
      return bytes;
    },
    ...changes,
  };
}

const resolve = (changes: Partial<Probe> = {}, context: Partial<ResolveContext> = {}) =>
  probeKind.resolve(
    { file: "p.safetensors" },
    contextWith({ "p.safetensors": encodeProbe({ ...probe, ...changes }) }, context),
  );

function stepWith(reading: Reading): Step {
  return { position: 1, phase: "generation", token: 1, text: " a", reading: () => reading };
}

describe("the probe kind", () => {
  it("reads one direction at all taps of the file", () => {
    const { reads, resolved, notes } = resolve();
    const [read] = reads;
    if (!read || !isProbeRead(read)) throw new Error("it reads no direction");
    expect(read.taps.map(({ layer, point }) => `${layer}.${point}`)).toEqual(TAPS);
    expect([...read.directions, read.bias]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, -1]);
    expect(resolved).toEqual({ taps: TAPS, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(notes).toEqual([`reads ${TAPS.join(", ")} from p.safetensors`]);
    expect(structuredClone(resolved)).toEqual(resolved);
  });

  it("is bound to every byte of its file", () => {
    const shaOf = (changes: Partial<Probe>) => (resolve(changes).resolved as { sha256: string }).sha256;
    expect(shaOf({})).toBe(shaOf({}));
    expect(shaOf({ about: { note: "x" } })).not.toBe(shaOf({}));
  });

  it("gives the reading's score, the tap that adds most, and the shares of what is added", () => {
    const scorer = probeKind.start(resolve().resolved, "both");
    const score = scorer.score(stepWith({ logOdds: 2.5, logits: Float32Array.of(-9, 3, 1, 0) }));
    expect(score).toMatchObject({ score: 2.5, tap: "3.mlp_out" });
    expect(score?.names).toEqual([
      { name: "3.mlp_out", share: 0.75 },
      { name: "4.mlp_out", share: 0.25 },
    ]);
  });

  it("names three taps at most, and none where nothing is added", () => {
    const scorer = probeKind.start(resolve().resolved, "both");
    const names = (...parts: number[]) =>
      scorer.score(stepWith({ logOdds: 0, logits: Float32Array.from(parts) }))?.names;
    expect(names(1, 2, 3, 4)?.map(({ name }) => name)).toEqual(["5.resid_post", "4.mlp_out", "3.mlp_out"]);
    expect(names(-1, -2, -3, -4)).toEqual([]);
  });

  it("asks for the parts of a probe with one tap only when it fires", () => {
    const one = resolve({ taps: ["23.attn_out"], directions: Float32Array.of(1, 2) });
    let asked = 0;
    const reading = {
      logOdds: 1,
      get logits() {
        asked += 1;
        return Float32Array.of(2);
      },
    };
    const score = probeKind.start(one.resolved, "both").score(stepWith(reading));
    expect([score?.tap, asked]).toEqual(["23.attn_out", 0]);
    expect(score?.names).toEqual([{ name: "23.attn_out", share: 1 }]);
  });

  it("passes NaN on", () => {
    const reading = { logOdds: Number.NaN, logits: Float32Array.of(Number.NaN, 1, 1, 1) };
    expect(probeKind.start(resolve().resolved, "both").score(stepWith(reading))?.score).toBeNaN();
  });

  it.each<[RegExp, () => unknown]>([
    [
      /^p\.safetensors: __metadata__\.model_sha256: trained for a+, but b+ is loaded$/,
      () => resolve({}, { modelSha256: "b".repeat(64) }),
    ],
    [
      /^p\.safetensors: __metadata__\.precision: trained for fast, but exact/,
      () => resolve({}, { precision: "exact" }),
    ],
    [/^p\.safetensors: directions: rows of 2 numbers/, () => resolve({}, { hidden: 576 })],
    [
      /^p\.safetensors: header: the file is cut short/,
      () => probeKind.resolve({ file: "p.safetensors" }, contextWith({ "p.safetensors": new Uint8Array(4) })),
    ],
    [/^\/detectors\/gone cannot be read/, () => probeKind.resolve({ file: "gone" }, contextWith({}))],
  ])("names the option, the file and its field: %s", (message, work) => {
    expect(work).toThrow(
      expect.objectContaining({
        path: ["file"],
        message: expect.stringMatching(message),
        cure: expect.stringMatching(/./),
      }),
    );
  });

  it.each([{}, { file: "" }, { file: "a", taps: [] }])("refuses the options %j", (options) => {
    expect(probeKind.schema.safeParse(options).success).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { checkReads } from "../../src/detect/check-reads.ts";
import type { ModelContext } from "../../src/detect/kinds/kind.ts";
import type { ConceptRead, ProbeRead, Read } from "../../src/lens/reading.ts";

const context: ModelContext = {
  layers: 4,
  hidden: 3,
  modelSha256: "a".repeat(64),
  precision: "fast",
  lenses: ["logit"],
  tokenOf: () => undefined,
  encode: () => [],
  textOf: () => "",
};
const concept: ConceptRead = { tap: { layer: 3, point: "attn_out" }, tokens: [1, 2], yardstick: "exact" };
const probe: ProbeRead = {
  taps: [
    { layer: 0, point: "attn_out" },
    { layer: 3, point: "mlp_out" },
  ],
  directions: Float32Array.of(1, 2, 3, 4, 5, 6),
  bias: -1,
};

describe("checkReads", () => {
  it("lets pass what the model can give", () => {
    expect(() => checkReads([concept, probe], context)).not.toThrow();
  });

  it.each<[string, Read]>([
    ["is at layer 4, but the model has layers 0 to 3", { ...concept, tap: { layer: 4, point: "attn_out" } }],
    ["is at layer -1,", { ...concept, tap: { layer: -1, point: "attn_out" } }],
    ["has no token", { ...concept, tokens: [] }],
    ["has a token twice", { ...concept, tokens: [1, 1] }],
    ["has a token that is no id", { ...concept, tokens: [1.5] }],
    ["is through the lens tuned, but there is only logit", { ...concept, lens: "tuned" }],
    ["has no tap", { ...probe, taps: [], directions: new Float32Array(0) }],
    ["has a tap twice", { ...probe, taps: [probe.taps[0], probe.taps[0]] as ProbeRead["taps"] }],
    ["is at layer 9,", { ...probe, taps: [{ layer: 9, point: "mlp_out" }], directions: new Float32Array(3) }],
    ["has 5 numbers of direction, but 2 × 3 are needed", { ...probe, directions: new Float32Array(5) }],
    ["has 6 numbers of direction", { ...probe, directions: [1, 2, 3, 4, 5, 6] as unknown as Float32Array }],
    ["has a direction that is NaN at 4", { ...probe, directions: Float32Array.of(1, 2, 3, 4, Number.NaN, 6) }],
    ["has a direction that is Infinity at 0", { ...probe, directions: Float32Array.of(Infinity, 2, 3, 4, 5, 6) }],
    ["has the bias NaN", { ...probe, bias: Number.NaN }],
  ])("refuses one that %s", (message, read) => {
    expect(() => checkReads([concept, read], context)).toThrow(`read 1 ${message}`);
  });
});

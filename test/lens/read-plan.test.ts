import { describe, expect, it } from "vitest";
import { planReads, type ReadPlan } from "../../src/lens/read-plan.ts";
import type { ConceptRead, Yardstick } from "../../src/lens/reading.ts";
import { parseTap } from "../../src/lens/tap.ts";

const background = { tokens: Int32Array.of(10, 11, 12, 13), taps: new Map([["5.attn_out", Int32Array.of(20, 21, 7)]]) };
const read = (tap: string, tokens: number[], yardstick: Yardstick = "background"): ConceptRead => ({
  tap: parseTap(tap, 8),
  tokens,
  yardstick,
});
const plan = (...reads: ConceptRead[]): ReadPlan =>
  planReads({ reads, background, vocabulary: 100, contextTokens: 64 });

describe("planning reads", () => {
  it("asks for every tap and every token once, whoever reads them", () => {
    const { forward, reads } = plan(read("3.mlp_out", [7, 8]), read("4.mlp_out", [8, 9]), read("3.mlp_out", [9]));
    expect(forward.taps).toEqual(["3.mlp_out", "4.mlp_out"]);
    expect(Array.from(forward.conceptTokens)).toEqual([7, 8, 9]);
    expect(reads.map(({ tap, columns }) => [tap, ...columns])).toEqual([
      [0, 0, 1],
      [1, 1, 2],
      [0, 2],
    ]);
    expect(forward.contextTokens).toBe(64);
  });

  it("lets taps without a sample of their own share the common one", () => {
    const { forward, reads } = plan(read("5.attn_out", [1]), read("3.mlp_out", [1]), read("4.mlp_out", [1]));
    expect(forward.background).toEqual([
      { taps: [1, 2], tokens: background.tokens },
      { taps: [0], tokens: Int32Array.of(20, 21, 7) },
    ]);
    expect(reads.map(({ yardstick }) => yardstick)).toEqual([
      { type: "background", group: 1, index: 0, overlap: new Int32Array(), size: 3 },
      { type: "background", group: 0, index: 0, overlap: new Int32Array(), size: 4 },
      { type: "background", group: 0, index: 1, overlap: new Int32Array(), size: 4 },
    ]);
  });

  it("takes the concept's own tokens out of the sample, and another concept's not", () => {
    const { reads } = plan(read("3.mlp_out", [1, 11, 13]), read("3.mlp_out", [10]), read("5.attn_out", [11]));
    expect(
      reads.map(({ yardstick }) => (yardstick.type === "background" ? [yardstick.size, ...yardstick.overlap] : [])),
    ).toEqual([[2, 1, 2], [3, 3], [3]]);
  });

  it("asks for the whole vocabulary only at the taps that want it", () => {
    const { forward, reads } = plan(
      read("3.mlp_out", [1]),
      read("4.mlp_out", [1], "exact"),
      read("3.mlp_out", [2], "exact"),
    );
    expect(forward.exact).toEqual([1, 0]);
    expect(forward.background.map(({ taps }) => taps)).toEqual([[0]]);
    expect(reads.slice(1).map(({ yardstick }) => yardstick)).toEqual([
      { type: "exact", index: 0 },
      { type: "exact", index: 1 },
    ]);
  });

  it("of nothing reads nothing", () => {
    expect(plan()).toMatchObject({ forward: { taps: [], exact: [], background: [] }, reads: [] });
  });

  it("refuses a concept without tokens, and one that is all of the background", () => {
    expect(() => plan(read("3.mlp_out", []))).toThrow("a concept read at 3.mlp_out has no tokens");
    expect(() => plan(read("5.attn_out", [7, 20, 21, 22]))).toThrow(
      "the concept read at 5.attn_out is all of the background",
    );
  });
});

import { describe, expect, it } from "vitest";
import { planReads, type PlannedConcept, type ReadPlan } from "../../src/lens/read-plan.ts";
import type { ConceptRead, ProbeRead, Read, Yardstick } from "../../src/lens/reading.ts";
import { parseTap } from "../../src/lens/tap.ts";

const background = { tokens: Int32Array.of(10, 11, 12, 13), taps: new Map([["5.attn_out", Int32Array.of(20, 21, 7)]]) };
const read = (tap: string, tokens: number[], yardstick: Yardstick = "background"): ConceptRead => ({
  tap: parseTap(tap, 8),
  tokens,
  yardstick,
});
const mean = Float32Array.of(1, 2);
const affine = { matrix: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(3, 4) };
const lenses = { means: new Map([["3.mlp_out", mean]]), tuned: new Map([["3.mlp_out", affine]]) };
const plan = (...reads: Read[]): ReadPlan =>
  planReads({ reads, background, vocabulary: 100, contextTokens: 64, normEpsilon: 1e-5, lenses });
const concepts = (of: ReadPlan): PlannedConcept[] =>
  of.reads.filter((each): each is PlannedConcept => each.type === "concept");
const probe = (taps: string[], directions: number[]): ProbeRead => ({
  taps: taps.map((tap) => parseTap(tap, 8)),
  directions: Float32Array.from(directions),
  bias: 0.5,
});

describe("planning reads", () => {
  it("asks for every tap and every token once, whoever reads them", () => {
    const planned = plan(read("3.mlp_out", [7, 8]), read("4.mlp_out", [8, 9]), read("3.mlp_out", [9]));
    const { forward } = planned;
    expect(forward.taps).toEqual(["3.mlp_out", "4.mlp_out"]);
    expect(Array.from(forward.conceptTokens)).toEqual([7, 8, 9]);
    expect(forward.views).toEqual([{ tap: 0 }, { tap: 1 }]);
    expect(concepts(planned).map(({ view, columns }) => [view, ...columns])).toEqual([
      [0, 0, 1],
      [1, 1, 2],
      [0, 2],
    ]);
    expect(forward.contextTokens).toBe(64);
  });

  it("adds taps that nothing reads at the end, each once", () => {
    const extraTaps = ["2.mlp_out", "3.mlp_out", "2.mlp_out"];
    const reads = [read("3.mlp_out", [7])];
    const options = { reads, background, vocabulary: 100, contextTokens: 64, normEpsilon: 1e-5, extraTaps };
    const { forward } = planReads(options);
    expect(forward.taps).toEqual(["3.mlp_out", "2.mlp_out"]);
    expect(forward.views).toEqual([{ tap: 0 }]);
  });

  it("lets taps without a sample of their own share the common one", () => {
    const planned = plan(read("5.attn_out", [1]), read("3.mlp_out", [1]), read("4.mlp_out", [1]));
    expect(planned.forward.background).toEqual([
      { views: [1, 2], tokens: background.tokens },
      { views: [0], tokens: Int32Array.of(20, 21, 7) },
    ]);
    expect(concepts(planned).map(({ yardstick }) => yardstick)).toEqual([
      { type: "background", group: 1, index: 0, overlap: new Int32Array(), size: 3 },
      { type: "background", group: 0, index: 0, overlap: new Int32Array(), size: 4 },
      { type: "background", group: 0, index: 1, overlap: new Int32Array(), size: 4 },
    ]);
  });

  it("takes the concept's own tokens out of the sample, and another concept's not", () => {
    const planned = plan(read("3.mlp_out", [1, 11, 13]), read("3.mlp_out", [10]), read("5.attn_out", [11]));
    expect(
      concepts(planned).map(({ yardstick }) =>
        yardstick.type === "background" ? [yardstick.size, ...yardstick.overlap] : [],
      ),
    ).toEqual([[2, 1, 2], [3, 3], [3]]);
  });

  it("asks for the whole vocabulary only at the taps that want it", () => {
    const planned = plan(read("3.mlp_out", [1]), read("4.mlp_out", [1], "exact"), read("3.mlp_out", [2], "exact"));
    expect(planned.forward.exact).toEqual([1, 0]);
    expect(planned.forward.background.map(({ views }) => views)).toEqual([[0]]);
    expect(
      concepts(planned)
        .slice(1)
        .map(({ yardstick }) => yardstick),
    ).toEqual([
      { type: "exact", index: 0 },
      { type: "exact", index: 1 },
    ]);
  });

  it("of nothing reads nothing", () => {
    expect(plan()).toMatchObject({ forward: { taps: [], views: [], exact: [], background: [] }, reads: [] });
  });

  it("refuses a concept without tokens, and one that is all of the background", () => {
    expect(() => plan(read("3.mlp_out", []))).toThrow("a concept read at 3.mlp_out has no tokens");
    expect(() => plan(read("5.attn_out", [7, 20, 21, 22]))).toThrow(
      "the concept read at 5.attn_out is all of the background",
    );
  });

  it("makes a view for every lens of a tap, fitted ones last, over one sample", () => {
    const tuned = { ...read("3.mlp_out", [1]), lens: "tuned" as const };
    const centred = { ...read("3.mlp_out", [1]), lens: "centred" as const };
    const planned = plan(tuned, centred, read("4.mlp_out", [1]), { ...read("4.mlp_out", [2]), lens: "logit" });
    expect(planned.forward.views).toEqual([{ tap: 0, mean }, { tap: 1 }, { tap: 0, affine }]);
    expect(concepts(planned).map(({ view }) => view)).toEqual([2, 0, 1, 1]);
    expect(planned.forward.background).toEqual([{ views: [2, 0, 1], tokens: background.tokens }]);
  });

  it("refuses a lens for which the model has no mean or no fitted map", () => {
    expect(() => plan({ ...read("4.mlp_out", [1]), lens: "centred" })).toThrow(
      "the model has no mean of 4.mlp_out; add lens/statistics.bin, or take the lens logit",
    );
    expect(() => plan({ ...read("4.mlp_out", [1]), lens: "tuned" })).toThrow(
      "there is no tuned lens of 4.mlp_out; fit one with lensgate lens fit",
    );
  });

  it("returns the rows of taps that only probes read, and makes no view of them", () => {
    const planned = plan(probe(["2.resid_mid", "3.mlp_out"], [1, 2, 3, 4]), read("3.mlp_out", [1]));
    expect(planned.forward.taps).toEqual(["2.resid_mid", "3.mlp_out"]);
    expect(planned.forward.views).toEqual([{ tap: 1 }]);
    expect(planned.reads[0]).toEqual({
      type: "probe",
      taps: Int32Array.of(0, 1),
      directions: Float32Array.of(1, 2, 3, 4),
      bias: 0.5,
    });
  });

  it("refuses a probe whose directions do not fit its taps", () => {
    expect(() => plan(probe([], []))).toThrow("0 numbers are no directions at 0 taps");
    expect(() => plan(probe(["2.resid_mid", "3.mlp_out"], [1, 2, 3]))).toThrow("3 numbers are no directions at 2 taps");
  });
});

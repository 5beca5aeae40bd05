import { beforeAll, describe, expect, it } from "vitest";
import { conceptKind, type ConceptOptions, type ConceptResolved } from "../../../src/detect/kinds/concept.ts";
import type { ResolveContext, Step } from "../../../src/detect/kinds/kind.ts";
import type { ConceptRead, Reading } from "../../../src/lens/reading.ts";
import { openVocabulary } from "../../support/vocabulary.ts";

let context: ResolveContext;
beforeAll(async () => {
  context = await openVocabulary();
});

function options(changes: Record<string, unknown> = {}): ConceptOptions {
  return conceptKind.schema.parse({
    words: ["Japan", { word: "Japanese", as: "Japan" }, "Peru"],
    taps: ["23.attn_out"],
    ...changes,
  });
}

function step(...readings: Reading[]): Step {
  return {
    position: 5,
    phase: "generation",
    token: 1,
    text: " a",
    reading: (index) => readings[index] ?? { logOdds: Number.NaN, logits: new Float32Array() },
  };
}

/** Logits of ` Japan`, `Japan`, ` Japanese`, `Japanese`, ` Peru`. */
const reading = (logOdds: number, logits: readonly number[] = [0, 0, 0, 0, 0]): Reading => ({
  logOdds,
  logits: Float32Array.from(logits),
});

function score(resolved: ConceptResolved, ...readings: Reading[]) {
  return conceptKind.start(resolved, "both").score(step(...readings));
}

function resolve(changes: Record<string, unknown> = {}, changed: Partial<ResolveContext> = {}) {
  const resolution = conceptKind.resolve(options(changes), { ...context, ...changed });
  return { ...resolution, reads: resolution.reads as readonly ConceptRead[] };
}

describe("the concept kind", () => {
  it("asks for one read a tap, all with the same tokens", () => {
    const { reads, resolved } = resolve({ taps: ["23.attn_out", "100%.resid_post"] });
    expect(reads.map(({ tap }) => tap)).toEqual([
      { layer: 23, point: "attn_out" },
      { layer: 29, point: "resid_post" },
    ]);
    expect(reads.map(({ tokens }) => tokens.map((token) => context.textOf(token)))).toEqual(
      Array.from({ length: 2 }, () => [" Japan", "Japan", " Japanese", "Japanese", " Peru"]),
    );
    expect(structuredClone(resolved)).toEqual(resolved);
  });

  it("scores the log-odds against the background as they are read", () => {
    expect(score(resolve().resolved, reading(1.5))).toMatchObject({ score: 1.5, tap: "23.attn_out" });
  });

  it("takes the largest or the mean over taps and names the strongest tap", () => {
    const taps = ["3.attn_out", "7.mlp_out"];
    expect(score(resolve({ taps }).resolved, reading(-1), reading(3))).toMatchObject({ score: 3, tap: "7.mlp_out" });
    expect(score(resolve({ taps, combine: "mean" }).resolved, reading(5), reading(3))).toMatchObject({
      score: 4,
      tap: "3.attn_out",
    });
  });

  it("turns ln p into log-odds or a probability under the exact yardstick", () => {
    const exact = resolve({ yardstick: "exact" }).resolved;
    expect(score(exact, reading(Math.log(0.8)))?.score).toBeCloseTo(Math.log(4), 10);
    const probability = resolve({ yardstick: "exact", score: "probability" }).resolved;
    expect(score(probability, reading(Math.log(0.8)))?.score).toBeCloseTo(0.8, 10);
  });

  it("stays finite when all the mass is on the concept, and refuses a probability above 1", () => {
    const exact = resolve({ yardstick: "exact" }).resolved;
    expect(score(exact, reading(0))?.score).toBeCloseTo(20.7, 1);
    expect(Number.isFinite(score(exact, reading(1e-6))?.score)).toBe(true);
    expect(() => score(exact, reading(0.5))).toThrow(/above 0/);
  });

  it("reports the strongest words by their share of the concept's mass, variants added up", () => {
    const names = score(
      resolve().resolved,
      reading(1, [Math.log(3), Math.log(1), Math.log(2), Math.log(2), Math.log(2)]),
    )?.names;
    expect(names?.map(({ name }) => name)).toEqual(["Japan", "Peru"]);
    expect(names?.[0]?.share).toBeCloseTo(0.8, 6);
    expect(names?.[1]?.share).toBeCloseTo(0.2, 6);
  });

  it("reports at most three names, and does not overflow on large logits", () => {
    const { resolved } = resolve({ words: ["Japan", "Peru", "Chile", "Cuba", "Egypt"] });
    const logits = resolved.nameOfToken.map((name) => 900 + name);
    const names = score(resolved, reading(0, logits))?.names ?? [];
    expect(names.map(({ name }) => name)).toEqual(["Egypt", "Cuba", "Chile"]);
    expect(names.every(({ share }) => share > 0 && share < 1)).toBe(true);
  });

  it("passes NaN on instead of hiding it behind another tap", () => {
    const taps = ["3.attn_out", "7.mlp_out"];
    for (const combine of ["max", "mean"]) {
      expect(score(resolve({ taps, combine }).resolved, reading(Number.NaN), reading(3))?.score).toBeNaN();
      expect(score(resolve({ taps, combine }).resolved, reading(3), reading(Number.NaN))?.score).toBeNaN();
    }
  });

  it("reads through the lens that it names, where the model has it", () => {
    expect(resolve().reads.map(({ lens }) => lens)).toEqual([undefined]);
    const { reads } = resolve({ lens: "centred" }, { lenses: ["logit", "centred"] });
    expect(reads.map(({ lens }) => lens)).toEqual(["centred"]);
    expect(() => resolve({ lens: "tuned" }, { lenses: ["logit", "centred"] })).toThrow(
      expect.objectContaining({ path: ["lens"], cure: expect.stringContaining("lensgate lens fit") }),
    );
  });

  it("refuses a concept that resolves to no token at all", () => {
    expect(() => resolve({ words: ["Kiribati", "New Zealand"] })).toThrow(
      expect.objectContaining({ path: ["words"], message: "the concept resolves to no token at all" }),
    );
  });

  it.each([
    [{ score: "probability" }, /needs the whole vocabulary/],
    [{ words: [] }, /expected array to have >=1/],
    [{ taps: [] }, /expected array to have >=1/],
    [{ mach: "whole" }, /mach/],
  ])("refuses the options %j", (changes, message) => {
    expect(() => options(changes)).toThrow(message);
  });
});

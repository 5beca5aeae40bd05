import { describe, expect, it } from "vitest";
import { createReference, distanceFrom, highestOf } from "../../src/lens/distribution-math.ts";

const FINAL = Float32Array.of(2, 0, -1, 3);
const reference = createReference(FINAL);

describe("the distance of a lens", () => {
  it("is zero from itself, also when all logits are shifted", () => {
    expect(distanceFrom(reference, FINAL).kl).toBeCloseTo(0, 6);
    const shifted = distanceFrom(
      reference,
      FINAL.map((value) => value + 50),
    );
    expect(shifted.kl).toBeCloseTo(0, 4);
    expect(shifted.agrees).toBe(true);
  });

  it("is the divergence by its definition", () => {
    const lens = Float32Array.of(1, 4, 0, -2);
    const softmax = (row: Float32Array) => {
      const weights = Array.from(row, Math.exp);
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.map((weight) => weight / sum);
    };
    const [p, q] = [softmax(FINAL), softmax(lens)];
    const expected = p.reduce((sum, share, id) => sum + share * Math.log(share / (q[id] ?? NaN)), 0);
    const { kl, agrees } = distanceFrom(reference, lens);
    expect(kl).toBeCloseTo(expected, 5);
    expect(agrees).toBe(false);
  });

  it("is a number where the model gives a token no probability at all, and none for a broken row", () => {
    const sure = createReference(Float32Array.of(0, 5000));
    expect(distanceFrom(sure, Float32Array.of(0, 0)).kl).toBeCloseTo(Math.LN2, 5);
    expect(distanceFrom(reference, Float32Array.of(NaN, 0, 0, 0)).kl).toBeNaN();
  });
});

it("the highest of equal logits is the first", () => {
  expect(highestOf(Float32Array.of(1, 3, 3))).toBe(1);
});

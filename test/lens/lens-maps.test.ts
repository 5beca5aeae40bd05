import { expect, test } from "vitest";
import { NO_LENS_MAPS, viewOf } from "../../src/lens/lens-maps.ts";

test("a view carries what its lens needs, and nothing for the logit lens", () => {
  const mean = Float32Array.of(1);
  const affine = { matrix: Float32Array.of(2), bias: Float32Array.of(3) };
  const maps = { means: new Map([["0.mlp_out", mean]]), tuned: new Map([["0.mlp_out", affine]]) };
  const tap = { name: "0.mlp_out", index: 4 };
  expect(viewOf(maps, "logit", tap)).toEqual({ tap: 4 });
  expect(viewOf(maps, "centred", tap)).toEqual({ tap: 4, mean });
  expect(viewOf(maps, "tuned", tap)).toEqual({ tap: 4, affine });
});

test("a lens that the model lacks is refused with what to do", () => {
  const tap = { name: "0.mlp_out", index: 0 };
  expect(() => viewOf(NO_LENS_MAPS, "centred", tap)).toThrow(/no mean of 0\.mlp_out; add lens\/statistics\.bin/);
  expect(() => viewOf(NO_LENS_MAPS, "tuned", tap)).toThrow(
    /no tuned lens of 0\.mlp_out; fit one with lensgate lens fit/,
  );
});

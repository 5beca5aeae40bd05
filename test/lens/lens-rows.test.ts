import { expect, test } from "vitest";
import { viewRows } from "../../src/lens/lens-rows.ts";
import { openMatrixProduct } from "../../src/model/matrix-product.ts";

test("rows go through a view as they do in the graph: as they are, without the mean, or turned and moved", async () => {
  const product = await openMatrixProduct({ threads: 1 });
  const rows = Float32Array.of(1, 2, 3, 4); // [2, 2]
  expect(await viewRows(product, { tap: 0 }, rows)).toBe(rows);
  expect(await viewRows(product, { tap: 0, mean: Float32Array.of(1, -1) }, rows)).toEqual(Float32Array.of(0, 3, 2, 5));
  const affine = { matrix: Float32Array.of(1, 10, 0, 2), bias: Float32Array.of(100, 200) };
  expect(await viewRows(product, { tap: 0, affine }, rows)).toEqual(Float32Array.of(121, 204, 143, 208));
  await product.close();
});

import type { TapView } from "../model/graph.ts";
import type { MatrixProduct } from "../model/matrix-product.ts";

/** What a view makes of rows of its tap before the final norm: `[rows × hidden]` → the same shape. The graph does the same at serving. */
export async function viewRows(product: MatrixProduct, view: TapView, rows: Float32Array): Promise<Float32Array> {
  const { mean, affine } = view;
  if (mean) return rows.map((value, index) => value - (mean[index % mean.length] ?? NaN));
  if (!affine) return rows;
  const hidden = affine.bias.length;
  const count = rows.length / hidden;
  const turned = new Float32Array(hidden * hidden); // [hidden, hidden], one column an output
  affine.matrix.forEach((value, at) => {
    turned[(at % hidden) * hidden + Math.floor(at / hidden)] = value;
  });
  const { data } = await product.multiply(
    { data: rows, rows: count, columns: hidden },
    { data: turned, rows: hidden, columns: hidden },
  );
  return data.map((value, index) => value + (affine.bias[index % hidden] ?? NaN));
}

import { createGraphBuilder } from "./graph-builder.ts";
import { encodeModel } from "./onnx-format.ts";
import { openSession } from "./session.ts";

/** A matrix, row after row. */
export interface Matrix {
  readonly data: Float32Array; // [rows, columns]
  readonly rows: number;
  readonly columns: number;
}

/** The runtime's matrix product in float32, for work outside the model: training and fitting. */
export interface MatrixProduct {
  /** `a [n, k]` × `b [k, m]` → `[n, m]`. Throws a `RangeError` for shapes that do not fit. Blocks the calling thread. */
  multiply(a: Matrix, b: Matrix): Promise<Matrix>;
  /** `a [k, n]ᵀ` × `b [k, m]` → `[n, m]`, without writing the transpose: `multiplyTransposed(a, a)` is a Gram matrix. */
  multiplyTransposed(a: Matrix, b: Matrix): Promise<Matrix>;
  close(): Promise<void>;
}

/** Opens a product; `threads` is the runtime's choice (one a core) when absent. */
export async function openMatrixProduct(options: { readonly threads?: number } = {}): Promise<MatrixProduct> {
  const plain = await openOne(false, options);
  const transposed = await openOne(true, options);
  return {
    multiply: async (a, b) => {
      checkShapes(a, b, a.columns);
      return plain.run(a, b);
    },
    multiplyTransposed: async (a, b) => {
      checkShapes(a, b, a.rows);
      return transposed.run(a, b);
    },
    close: async () => {
      await plain.close();
      await transposed.close();
    },
  };
}

async function openOne(isTransposed: boolean, { threads }: { readonly threads?: number }) {
  const graph = createGraphBuilder({}, "");
  graph.input("a", "float32", ["A", "B"]);
  graph.input("b", "float32", ["C", "D"]);
  const product = { name: "FusedMatMul", microsoft: true, attributes: { transA: isTransposed ? 1 : 0 } };
  graph.node(product, ["a", "b"], "product");
  graph.output("product", "float32", ["N", "D"]);
  const bytes = encodeModel(graph.finish());
  const session = await openSession({ graph: bytes, folder: "", ...(threads === undefined ? {} : { threads }) });
  const run = async (a: Matrix, b: Matrix): Promise<Matrix> => {
    const feed = ({ data, rows, columns }: Matrix) => ({ type: "float32", data, dims: [rows, columns] }) as const;
    const { product: result } = await session.run({ a: feed(a), b: feed(b) });
    if (!result) throw new Error("the product has no result");
    return { data: result.data, rows: isTransposed ? a.columns : a.rows, columns: b.columns };
  };
  return { run, close: () => session.close() };
}

function checkShapes(a: Matrix, b: Matrix, inner: number): void {
  for (const { data, rows, columns } of [a, b]) {
    if (data.length !== rows * columns)
      throw new RangeError(`${data.length} numbers are no matrix [${rows}, ${columns}]`);
  }
  if (inner !== b.rows) {
    throw new RangeError(`[${a.rows}, ${a.columns}] and [${b.rows}, ${b.columns}] share no inner dimension`);
  }
}

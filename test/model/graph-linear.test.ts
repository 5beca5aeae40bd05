import { describe, expect, it } from "vitest";
import { addEmbedding, addLinear, addNorm, createLinear } from "../../src/model/graph-linear.ts";
import { readUnembeddingRows } from "../../src/model/weights.ts";
import { relativeDistance } from "../support/distance.ts";
import { runGraph } from "../support/small-graph.ts";
import { createRandom, openTiny, TINY } from "../support/tiny-model.ts";

const { hidden, vocabulary } = TINY;
const ROWS = 3;
const random = createRandom("graph-linear");
const input = Float32Array.from({ length: ROWS * hidden }, () => random() - 0.5); // [3, hidden]
const feeds = { x: { type: "float32", data: input, dims: [1, ROWS, hidden] } } as const;

async function multiply(precision: "fast" | "exact"): Promise<{ product: Float32Array; expected: Float32Array }> {
  const model = await openTiny(precision);
  const weight = "token_embd.weight";
  const build = (graph: Parameters<Parameters<typeof runGraph>[1]>[0]) => {
    graph.input("x", "float32", [1, "S", hidden]);
    addLinear(graph, createLinear(model.manifest), { input: "x", weight, output: "y" });
    graph.output("y", "float32", [1, "S", vocabulary]);
  };
  const { y } = await runGraph(model, build, feeds);
  const matrix = readUnembeddingRows(
    model,
    Array.from({ length: vocabulary }, (_, id) => id),
  ); // [vocabulary, hidden]
  const expected = new Float32Array(ROWS * vocabulary); // [3, vocabulary]
  for (let at = 0; at < expected.length; at += 1) {
    const [row, column] = [Math.floor(at / vocabulary), at % vocabulary];
    for (let k = 0; k < hidden; k += 1) {
      expected[at] = (expected[at] ?? 0) + (input[row * hidden + k] ?? 0) * (matrix[column * hidden + k] ?? 0);
    }
  }
  return { product: y?.data ?? new Float32Array(), expected };
}

describe("a product with a prepared matrix", () => {
  it("is the product with its transpose, in float32, in exact precision", async () => {
    const { product, expected } = await multiply("exact");
    expect(relativeDistance(product, expected)).toBeLessThan(1e-6);
  });

  it("is off by the rounding of its input to 8 bits in fast precision", async () => {
    const { product, expected } = await multiply("fast");
    expect(relativeDistance(product, expected)).toBeLessThan(0.02);
    expect(relativeDistance(product, expected)).toBeGreaterThan(0);
  });

  it("is refused for a matrix that was not prepared so", async () => {
    const model = await openTiny("fast");
    const step = { input: "x", weight: "output_norm.weight", output: "y" };
    await expect(runGraph(model, (graph) => addLinear(graph, createLinear(model.manifest), step), {})).rejects.toThrow(
      '"output_norm.weight" is not prepared in 8-bit blocks',
    );
  });
});

it("divides by the root mean square and multiplies by the norm's weight", async () => {
  const model = await openTiny("fast");
  const { y, ones } = await runGraph(
    model,
    (graph) => {
      graph.input("x", "float32", [1, "S", hidden]);
      addNorm(graph, createLinear(model.manifest), { input: "x", weight: "output_norm.weight", output: "y" });
      graph.output("y", "float32", [1, "S", hidden]);
      graph.node("Identity", [graph.weight("output_norm.weight")], "ones");
      graph.output("ones", "float32", [hidden]);
    },
    feeds,
  );
  const epsilon = model.manifest.architecture.normEpsilon;
  expect(epsilon).toBeCloseTo(1e-5, 10);
  const expected = input.map((value, index) => {
    const row = input.subarray(index - (index % hidden), index - (index % hidden) + hidden);
    const square = row.reduce((sum, each) => sum + each * each, 0) / hidden;
    return (value / Math.sqrt(square + epsilon)) * (ones?.data[index % hidden] ?? 0);
  });
  expect(relativeDistance(y?.data ?? new Float32Array(), expected)).toBeLessThan(1e-6);
});

it.each(["fast", "exact"] as const)("looks up whole rows of the embedding in %s precision", async (precision) => {
  const model = await openTiny(precision);
  const ids = [7, 0, 159];
  const { embedded } = await runGraph(
    model,
    (graph) => {
      graph.input("ids", "int64", ["B", "S"]);
      addEmbedding(graph, createLinear(model.manifest), "ids");
      graph.output("embedded", "float32", ["B", "S", hidden]);
    },
    { ids: { type: "int64", data: ids, dims: [1, 3] } },
  );
  expect(embedded?.dims).toEqual([1, 3, hidden]);
  expect(embedded?.data).toEqual(readUnembeddingRows(model, ids));
});

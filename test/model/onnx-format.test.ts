import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeModel, type OnnxGraph } from "../../src/model/onnx-format.ts";
import { openSession } from "../../src/model/session.ts";
import { writeFolder } from "../support/folder.ts";

const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

async function run(graph: OnnxGraph, x: number[], folder = "."): Promise<Record<string, number[]>> {
  const session = await openSession({ graph: encodeModel(graph), folder });
  try {
    const results = await session.run({ x: { type: "float32", data: Float32Array.from(x), dims: [1, x.length] } });
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data)]));
  } finally {
    await session.close();
  }
}

const base = { inputs: [{ name: "x", element: "float32" as const, shape: [1, "N"] }] };
const output = (name: string) => ({ name, element: "float32" as const, shape: [1, "N"] });

describe("an encoded graph", () => {
  it("runs with inline constants, integer lists and real attributes", async () => {
    const axes = new Uint8Array(BigInt64Array.of(1n).buffer);
    const graph: OnnxGraph = {
      ...base,
      constants: [
        { name: "two", element: "float32", dims: [1], content: { bytes: bytesOf(2) } },
        { name: "axes", element: "int64", dims: [1], content: { bytes: axes } },
      ],
      nodes: [
        { operator: "Mul", domain: "", inputs: ["x", "two"], outputs: ["doubled"], attributes: {} },
        {
          operator: "LeakyRelu",
          domain: "",
          inputs: ["doubled"],
          outputs: ["leaky"],
          attributes: { alpha: { float: 0.25 } },
        },
        { operator: "ReduceSum", domain: "", inputs: ["leaky", "axes"], outputs: ["sum"], attributes: { keepdims: 1 } },
        { operator: "Transpose", domain: "", inputs: ["leaky"], outputs: ["turned"], attributes: { perm: [1, 0] } },
      ],
      outputs: [output("leaky"), output("sum"), { ...output("turned"), shape: ["N", 1] }],
    };
    expect(await run(graph, [1, -2, 3])).toEqual({ leaky: [2, -1, 6], sum: [7], turned: [2, -1, 6] });
  });

  it("takes a constant from its place in the file beside it", async () => {
    const folder = writeFolder({});
    writeFileSync(join(folder, "weights.bin"), Buffer.concat([Buffer.alloc(64), bytesOf(10, 20)]));
    const graph: OnnxGraph = {
      ...base,
      constants: [
        { name: "w", element: "float32", dims: [2], content: { file: "weights.bin", offset: 64, length: 8 } },
      ],
      nodes: [{ operator: "Add", domain: "", inputs: ["x", "w"], outputs: ["y"], attributes: {} }],
      outputs: [output("y")],
    };
    expect(await run(graph, [1, 2], folder)).toEqual({ y: [11, 22] });
  });

  it("leaves optional outputs out, and knows the runtime's own operators", async () => {
    const graph: OnnxGraph = {
      ...base,
      constants: [{ name: "weight", element: "float32", dims: [2], content: { bytes: bytesOf(1, 1) } }],
      nodes: [
        {
          operator: "SkipSimplifiedLayerNormalization",
          domain: "com.microsoft",
          inputs: ["x", "x", "weight"],
          outputs: ["normed", "", "", "sum"],
          attributes: { epsilon: { float: 0 } },
        },
      ],
      outputs: [output("normed"), output("sum")],
    };
    const { normed, sum } = await run(graph, [3, 4]);
    expect(sum).toEqual([6, 8]);
    expect(normed?.[0]).toBeCloseTo(6 / Math.sqrt(50), 6);
  });
});

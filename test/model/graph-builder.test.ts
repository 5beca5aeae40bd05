import { describe, expect, it } from "vitest";
import { createGraphBuilder } from "../../src/model/graph-builder.ts";

const INDEX = { "a.weight": { element: "float32", dims: [2, 3], offset: 64, length: 24 } } as const;

describe("a graph under construction", () => {
  it("keeps nodes in the order added and returns the first output's name", () => {
    const graph = createGraphBuilder({}, "weights.bin");
    graph.input("x", "float32", ["N"]);
    expect(graph.node("Neg", ["x"], "y")).toBe("y");
    const norm = { name: "SkipSimplifiedLayerNormalization", microsoft: true, attributes: { epsilon: { float: 1 } } };
    expect(graph.node(norm, ["x", "y", "w"], ["z", "", "", "sum"])).toBe("z");
    graph.output("z", "float32", ["N"]);
    expect(graph.finish()).toEqual({
      inputs: [{ name: "x", element: "float32", shape: ["N"] }],
      outputs: [{ name: "z", element: "float32", shape: ["N"] }],
      constants: [],
      nodes: [
        { operator: "Neg", domain: "", inputs: ["x"], outputs: ["y"], attributes: {} },
        {
          operator: "SkipSimplifiedLayerNormalization",
          domain: "com.microsoft",
          inputs: ["x", "y", "w"],
          outputs: ["z", "", "", "sum"],
          attributes: { epsilon: { float: 1 } },
        },
      ],
    });
  });

  it("refers to a prepared tensor's place in the weights file, once however often it is used", () => {
    const graph = createGraphBuilder(INDEX, "weights.bin");
    graph.weight("a.weight");
    expect(graph.weight("a.weight")).toBe("a.weight");
    expect(graph.finish().constants).toEqual([
      { name: "a.weight", element: "float32", dims: [2, 3], content: { file: "weights.bin", offset: 64, length: 24 } },
    ]);
  });

  it("stores small constants as little-endian bytes", () => {
    const graph = createGraphBuilder({}, "weights.bin");
    graph.integers("shape", [-1, 2]);
    graph.constant("half", [1], Float32Array.of(9, 0.5).subarray(1));
    graph.bytes("codes", [3], Uint8Array.of(1, 2, 3));
    expect(graph.scalar("first", 3)).toBe("first");
    expect(graph.finish().constants.at(-1)?.dims).toEqual([]);
    const bytes = graph
      .finish()
      .constants.map(({ content }) => ("bytes" in content ? Buffer.from(content.bytes).toString("hex") : ""));
    expect(bytes).toEqual(["ffffffffffffffff0200000000000000", "0000003f", "010203", "0300000000000000"]);
  });

  it("names a tensor that is not there", () => {
    expect(() => createGraphBuilder(INDEX, "weights.bin").weight("b.weight")).toThrow('no tensor "b.weight"');
  });
});

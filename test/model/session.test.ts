import { describe, expect, it } from "vitest";
import { encodeModel, type Element, type OnnxNode } from "../../src/model/onnx-format.ts";
import { openSession, pin, runtimeVersion, type Session } from "../../src/model/session.ts";

const node = (operator: string, inputs: string[], attributes: OnnxNode["attributes"] = {}): OnnxNode => ({
  operator,
  domain: "",
  inputs,
  outputs: ["y"],
  attributes,
});

function open(
  made: OnnxNode,
  inputs: Readonly<Record<string, Element>>,
  output: Element = "float32",
): Promise<Session> {
  const graph = encodeModel({
    nodes: [made],
    inputs: Object.entries(inputs).map(([name, element]) => ({ name, element, shape: ["N"] })),
    outputs: [{ name: "y", element: output, shape: ["N"] }],
    constants: [],
  });
  return openSession({ graph, folder: ".", threads: 1 });
}

describe("a session", () => {
  it.each(["int32", "int64"] as const)("takes plain numbers as %s", async (type) => {
    const session = await open(node("Cast", ["x"], { to: 1 }), { x: type });
    const { y } = await session.run({ x: { type, data: [1, -2, 70_000], dims: [3] } });
    expect(y).toEqual({ data: Float32Array.of(1, -2, 70_000), dims: [3] });
    await session.close();
  });

  it("sees what was written into a pinned array between two runs", async () => {
    const session = await open(node("Add", ["a", "b"]), { a: "float32", b: "float32" });
    const data = Float32Array.of(1, 2);
    const a = pin(data, [2]);
    const b = { type: "float32" as const, data: Float32Array.of(10, 10), dims: [2] };
    expect((await session.run({ a, b }))["y"]?.data).toEqual(Float32Array.of(11, 12));
    data[1] = 5;
    expect((await session.run({ a, b }))["y"]?.data).toEqual(Float32Array.of(11, 15));
    await session.close();
  });

  it("refuses an output that is not float32", async () => {
    const session = await open(node("Identity", ["x"]), { x: "int64" }, "int64");
    await expect(session.run({ x: { type: "int64", data: [1], dims: [1] } })).rejects.toThrow(
      'output "y" is not float32',
    );
    await session.close();
  });

  it("refuses a graph that the runtime does not know", async () => {
    await expect(open(node("NoSuchOperator", ["x"]), { x: "float32" })).rejects.toThrow(/NoSuchOperator/);
    await expect(openSession({ graph: new Uint8Array(8), folder: "." })).rejects.toThrow();
  });

  it("says which runtime it is", () => {
    expect(runtimeVersion).toMatch(/^\d+\.\d+\.\d+/);
  });
});

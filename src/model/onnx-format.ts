import protobuf from "protobufjs/light.js";

/** Element types of ONNX tensors that the graphs use (onnx.proto, TensorProto.DataType). */
export const ELEMENT = { float32: 1, uint8: 2, int32: 6, int64: 7 } as const;
export type Element = keyof typeof ELEMENT;

/** An attribute value: an integer is `int`, a real is `{ float }`, a list of integers is an array. */
export type Attribute = number | { readonly float: number } | readonly number[];

/** One operator. `""` as an input or output name leaves an optional one out. */
export interface OnnxNode {
  readonly operator: string;
  readonly domain: "" | "com.microsoft";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A graph input or output; a string dimension is symbolic. */
export interface OnnxValue {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly (number | string)[];
}

/** A constant: small ones inline, weights by reference to a file beside the model. */
export interface OnnxConstant {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly number[];
  readonly content:
    | { readonly bytes: Uint8Array }
    | { readonly file: string; readonly offset: number; readonly length: number };
}

/** A whole graph. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly constants: readonly OnnxConstant[];
}

// Field numbers of onnx.proto (IR version 10), only the fields that are written here.
const schema = protobuf.Root.fromJSON({
  nested: {
    Pair: { fields: { key: { id: 1, type: "string" }, value: { id: 2, type: "string" } } },
    Tensor: {
      fields: {
        dims: { id: 1, rule: "repeated", type: "int64" },
        dataType: { id: 2, type: "int32" },
        name: { id: 8, type: "string" },
        rawData: { id: 9, type: "bytes" },
        externalData: { id: 13, rule: "repeated", type: "Pair" },
        dataLocation: { id: 14, type: "int32" },
      },
    },
    Attribute: {
      fields: {
        name: { id: 1, type: "string" },
        f: { id: 2, type: "float" },
        i: { id: 3, type: "int64" },
        ints: { id: 8, rule: "repeated", type: "int64" },
        type: { id: 20, type: "int32" },
      },
    },
    Node: {
      fields: {
        input: { id: 1, rule: "repeated", type: "string" },
        output: { id: 2, rule: "repeated", type: "string" },
        name: { id: 3, type: "string" },
        opType: { id: 4, type: "string" },
        attribute: { id: 5, rule: "repeated", type: "Attribute" },
        domain: { id: 7, type: "string" },
      },
    },
    Dimension: { fields: { dimValue: { id: 1, type: "int64" }, dimParam: { id: 2, type: "string" } } },
    Shape: { fields: { dim: { id: 1, rule: "repeated", type: "Dimension" } } },
    TensorType: { fields: { elemType: { id: 1, type: "int32" }, shape: { id: 2, type: "Shape" } } },
    Type: { fields: { tensorType: { id: 1, type: "TensorType" } } },
    Value: { fields: { name: { id: 1, type: "string" }, type: { id: 2, type: "Type" } } },
    Graph: {
      fields: {
        node: { id: 1, rule: "repeated", type: "Node" },
        name: { id: 2, type: "string" },
        initializer: { id: 5, rule: "repeated", type: "Tensor" },
        input: { id: 11, rule: "repeated", type: "Value" },
        output: { id: 12, rule: "repeated", type: "Value" },
      },
    },
    OperatorSet: { fields: { domain: { id: 1, type: "string" }, version: { id: 2, type: "int64" } } },
    Model: {
      fields: {
        irVersion: { id: 1, type: "int64" },
        producerName: { id: 2, type: "string" },
        graph: { id: 7, type: "Graph" },
        opsetImport: { id: 8, rule: "repeated", type: "OperatorSet" },
      },
    },
  },
});

/** Serialises a graph as an ONNX model (opset 21 and `com.microsoft` 1). */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const model = schema.lookupType("Model");
  return model
    .encode(
      model.fromObject({
        irVersion: 10,
        producerName: "lensgate",
        opsetImport: [
          { domain: "", version: 21 },
          { domain: "com.microsoft", version: 1 },
        ],
        graph: {
          name: "lensgate",
          node: graph.nodes.map(encodeNode),
          initializer: graph.constants.map(encodeConstant),
          input: graph.inputs.map(encodeValue),
          output: graph.outputs.map(encodeValue),
        },
      }),
    )
    .finish();
}

function encodeNode(node: OnnxNode): object {
  return {
    name: node.outputs.find((name) => name !== ""),
    opType: node.operator,
    domain: node.domain,
    input: node.inputs,
    output: node.outputs,
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
  };
}

function encodeAttribute(name: string, value: Attribute): object {
  // AttributeProto.AttributeType: FLOAT 1, INT 2, INTS 7
  if (typeof value === "number") return { name, i: value, type: 2 };
  if ("float" in value) return { name, f: value.float, type: 1 };
  return { name, ints: value, type: 7 };
}

function encodeConstant(constant: OnnxConstant): object {
  const base = { name: constant.name, dataType: ELEMENT[constant.element], dims: constant.dims };
  const { content } = constant;
  if ("bytes" in content) return { ...base, rawData: content.bytes };
  const externalData = [
    { key: "location", value: content.file },
    { key: "offset", value: String(content.offset) },
    { key: "length", value: String(content.length) },
  ];
  return { ...base, externalData, dataLocation: 1 };
}

function encodeValue(value: OnnxValue): object {
  const dim = value.shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name: value.name, type: { tensorType: { elemType: ELEMENT[value.element], shape: { dim } } } };
}

import type { Attribute, Element, OnnxConstant, OnnxGraph, OnnxNode, OnnxValue } from "./onnx-format.ts";
import type { TensorIndex } from "./prepared.ts";

/** A graph under construction. Names are the values' names. */
export interface GraphBuilder {
  input(name: string, element: Element, shape: readonly (number | string)[]): string;
  output(name: string, element: Element, shape: readonly (number | string)[]): void;
  /** Adds an operator and returns the name of its first output. */
  node(operator: string | Operator, inputs: readonly string[], outputs: string | readonly string[]): string;
  /** A small constant, stored in the graph. */
  constant(name: string, dims: readonly number[], values: Float32Array): string;
  /** A list of 64-bit integers (shapes, axes, indices), stored in the graph. */
  integers(name: string, values: readonly number[]): string;
  /** One 64-bit integer without dimensions: as an index it takes its dimension away. */
  scalar(name: string, value: number): string;
  /** A small constant of bytes, stored in the graph. */
  bytes(name: string, dims: readonly number[], values: Uint8Array): string;
  /** A prepared tensor, stored in the weights file. */
  weight(name: string): string;
  finish(): OnnxGraph;
}

/** An operator with attributes, or one of onnxruntime's own; the name alone stands for a plain one. */
export interface Operator {
  readonly name: string;
  readonly microsoft?: boolean;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** Starts an empty graph over prepared weights in the file `file`. */
export function createGraphBuilder(weights: TensorIndex, file: string): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const constants = new Map<string, OnnxConstant>();
  const keep = (constant: OnnxConstant): string => {
    constants.set(constant.name, constant);
    return constant.name;
  };
  return {
    input(name, element, shape) {
      inputs.push({ name, element, shape });
      return name;
    },
    output(name, element, shape) {
      outputs.push({ name, element, shape });
    },
    node(operator, from, to) {
      const { name, microsoft = false, attributes = {} } = typeof operator === "string" ? { name: operator } : operator;
      const names = typeof to === "string" ? [to] : to;
      nodes.push({
        operator: name,
        domain: microsoft ? "com.microsoft" : "",
        inputs: from,
        outputs: names,
        attributes,
      });
      return names[0] ?? "";
    },
    constant(name, dims, values) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      return keep({ name, element: "float32", dims, content: { bytes } });
    },
    integers: (name, values) => keep(integerConstant(name, values, [values.length])),
    scalar: (name, value) => keep(integerConstant(name, [value], [])),
    bytes(name, dims, values) {
      return keep({ name, element: "uint8", dims, content: { bytes: values } });
    },
    weight(name) {
      const entry = weights[name];
      if (!entry) throw new Error(`the prepared weights hold no tensor "${name}"`);
      const { element, dims, offset, length } = entry;
      return keep({ name, element, dims, content: { file, offset, length } });
    },
    finish: () => ({ nodes, inputs, outputs, constants: [...constants.values()] }),
  };
}

function integerConstant(name: string, values: readonly number[], dims: readonly number[]): OnnxConstant {
  const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { name, element: "int64", dims, content: { bytes } };
}

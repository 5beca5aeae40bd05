import type { GraphBuilder } from "./graph-builder.ts";
import { ELEMENT } from "./onnx-format.ts";
import type { Manifest } from "./prepared.ts";

/** What the products of a model need to know. */
export interface Linear {
  readonly manifest: Manifest;
}

/** How a matrix is applied: `output` [.., N] = `input` [.., K] × weight [N, K]ᵀ. */
export interface LinearStep {
  readonly input: string;
  /** Name of the publisher's tensor. */
  readonly weight: string;
  readonly output: string;
}

export function createLinear(manifest: Manifest): Linear {
  return { manifest };
}

/** A product with a prepared matrix: `MatMulNBits` over 8-bit blocks in fast precision, float32 in exact precision. */
export function addLinear(graph: GraphBuilder, { manifest }: Linear, step: LinearStep): string {
  if (manifest.precision === "exact") {
    const product = { name: "FusedMatMul", microsoft: true, attributes: { transB: 1 } };
    return graph.node(product, [step.input, graph.weight(step.weight)], step.output);
  }
  const blockSize = blockSizeOf(manifest, step.weight);
  const [rows = 0, blocks = 0] = manifest.tensors[`${step.weight}.codes`]?.dims ?? [];
  const inputs = [step.input, ...["codes", "steps", "zeros"].map((part) => graph.weight(`${step.weight}.${part}`))];
  // Level 4 multiplies in 8 bits; level 0 would expand whole matrices at every call.
  const attributes = { K: blocks * blockSize, N: rows, bits: 8, block_size: blockSize, accuracy_level: 4 };
  return graph.node({ name: "MatMulNBits", microsoft: true, attributes }, inputs, step.output);
}

/** Root-mean-square norm with a stored weight. */
export function addNorm(graph: GraphBuilder, { manifest }: Linear, step: LinearStep): string {
  const attributes = { axis: -1, epsilon: { float: manifest.architecture.normEpsilon }, stash_type: 1 };
  return graph.node(
    { name: "SimplifiedLayerNormalization", attributes },
    [step.input, graph.weight(step.weight)],
    step.output,
  );
}

/** Token ids [B, S] → rows of the embedding [B, S, hidden]. */
export function addEmbedding(graph: GraphBuilder, { manifest }: Linear, ids: string): string {
  const { hidden } = manifest.architecture;
  const name = "token_embd.weight";
  const gather = (from: string, to: string) => graph.node({ name: "Gather", attributes: { axis: 0 } }, [from, ids], to);
  if (manifest.precision === "exact") return gather(graph.weight(name), "embedded");
  const blockSize = blockSizeOf(manifest, name);
  const blocks = hidden / blockSize;
  const rows = manifest.architecture.vocabulary;
  const shape = (to: string, ...dims: number[]) => graph.integers(to, dims);
  // MatMulNBits keeps steps and zero points flat; a lookup wants one row a token.
  const parts = (["steps", "zeros"] as const).map((part) => {
    shape(`embedding.${part}.shape`, rows, blocks, 1);
    const wide = graph.node(
      "Reshape",
      [graph.weight(`${name}.${part}`), `embedding.${part}.shape`],
      `embedding.${part}.wide`,
    );
    return gather(wide, `embedding.${part}`);
  });
  const cast = (from: string) =>
    graph.node({ name: "Cast", attributes: { to: ELEMENT.float32 } }, [from], `${from}.float`);
  const codes = cast(gather(graph.weight(`${name}.codes`), "embedding.codes"));
  const [steps = "", zeros = ""] = parts;
  const centred = graph.node("Sub", [codes, cast(zeros)], "embedding.centred");
  const scaled = graph.node("Mul", [centred, steps], "embedding.scaled");
  shape("embedding.shape", 0, 0, hidden);
  return graph.node("Reshape", [scaled, "embedding.shape"], "embedded");
}

function blockSizeOf(manifest: Manifest, weight: string): number {
  const size = manifest.blockSizes[weight];
  if (size === undefined) throw new Error(`"${weight}" is not prepared in 8-bit blocks`);
  return size;
}

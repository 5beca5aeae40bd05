import type { GraphBuilder } from "./graph-builder.ts";
import { addLinear, addNorm, type Linear } from "./graph-linear.ts";

/** What the stack of blocks leaves behind. */
export interface BlockValues {
  /** Output of the last block after the final norm. [B, S, hidden] */
  readonly normed: string;
  /** New keys (rotated) and values, k then v of each layer. Each [B, S, kvHeads × headDim] */
  readonly fresh: readonly string[];
  /** Names of all taps, which are also names of values. Each [B, S, hidden] */
  readonly taps: ReadonlySet<string>;
}

interface Stack {
  readonly linear: Linear;
  readonly embedded: string;
  readonly contextTokens: number;
}

/** Adds every block. The residual after attention and the block output come from the fused norms' fourth output: taps cost nothing. */
export function addBlocks(graph: GraphBuilder, { linear, embedded, contextTokens }: Stack): BlockValues {
  const { layers } = linear.manifest.architecture;
  addRotaryTables(graph, linear, contextTokens);
  let residual = embedded;
  let normed = addNorm(graph, linear, { input: embedded, weight: "blk.0.attn_norm.weight", output: "0.attn_normed" });
  const fresh: string[] = [];
  const taps = new Set<string>();
  for (let layer = 0; layer < layers; layer += 1) {
    const attention = addAttention(graph, linear, { layer, normed });
    fresh.push(...attention.fresh);
    const ffnNorm = graph.weight(`blk.${layer}.ffn_norm.weight`);
    const middle = addResidual(graph, linear, {
      residual,
      added: attention.output,
      weight: ffnNorm,
      name: `${layer}.resid_mid`,
    });
    const mlp = addMlp(graph, linear, { layer, normed: middle });
    const next = graph.weight(layer === layers - 1 ? "output_norm.weight" : `blk.${layer + 1}.attn_norm.weight`);
    residual = `${layer}.resid_post`;
    normed = addResidual(graph, linear, { residual: `${layer}.resid_mid`, added: mlp, weight: next, name: residual });
    for (const tap of [attention.output, `${layer}.resid_mid`, mlp, residual]) taps.add(tap);
  }
  return { normed, fresh, taps };
}

function addRotaryTables(graph: GraphBuilder, { manifest }: Linear, contextTokens: number): void {
  const { headDim, ropeTheta } = manifest.architecture;
  const half = headDim / 2;
  const cosines = new Float32Array(contextTokens * half); // [contextTokens, headDim / 2]
  const sines = new Float32Array(contextTokens * half); // [contextTokens, headDim / 2]
  for (let index = 0; index < cosines.length; index += 1) {
    const angle = Math.floor(index / half) * ropeTheta ** (-(2 * (index % half)) / headDim);
    cosines[index] = Math.cos(angle);
    sines[index] = Math.sin(angle);
  }
  graph.constant("cosines", [contextTokens, half], cosines);
  graph.constant("sines", [contextTokens, half], sines);
}

interface BlockPart {
  readonly layer: number;
  readonly normed: string;
}

function addAttention(
  graph: GraphBuilder,
  linear: Linear,
  { layer, normed }: BlockPart,
): { output: string; fresh: string[] } {
  const { heads, kvHeads, headDim } = linear.manifest.architecture;
  const project = (part: string) =>
    addLinear(graph, linear, { input: normed, weight: `blk.${layer}.attn_${part}.weight`, output: `${layer}.${part}` });
  const rotate = (name: string, count: number) => {
    const rotary = { name: "RotaryEmbedding", microsoft: true, attributes: { num_heads: count } };
    return graph.node(rotary, [name, "position_ids", "cosines", "sines"], `${name}.rotated`);
  };
  const query = rotate(project("q"), heads);
  const key = rotate(project("k"), kvHeads);
  const value = project("v");
  const past = (part: string) => graph.input(`past.${layer}.${part}`, "float32", ["B", kvHeads, "P", headDim]);
  const inputs = [query, key, value, past("k"), past("v"), "seqlens_k", "total_sequence_length"];
  const outputs = [`${layer}.mixed`, `${layer}.present.k`, `${layer}.present.v`];
  const attributes = { num_heads: heads, kv_num_heads: kvHeads };
  const mixed = graph.node({ name: "GroupQueryAttention", microsoft: true, attributes }, inputs, outputs);
  const output = addLinear(graph, linear, {
    input: mixed,
    weight: `blk.${layer}.attn_output.weight`,
    output: `${layer}.attn_out`,
  });
  return { output, fresh: [key, value] };
}

function addMlp(graph: GraphBuilder, linear: Linear, { layer, normed }: BlockPart): string {
  const project = (part: string) =>
    addLinear(graph, linear, { input: normed, weight: `blk.${layer}.ffn_${part}.weight`, output: `${layer}.${part}` });
  // QuickGelu with alpha 1 is SiLU: x × sigmoid(x).
  const silu = { name: "QuickGelu", microsoft: true, attributes: { alpha: { float: 1 } } };
  const gate = graph.node(silu, [project("gate")], `${layer}.silu`);
  const gated = graph.node("Mul", [gate, project("up")], `${layer}.gated`);
  return addLinear(graph, linear, { input: gated, weight: `blk.${layer}.ffn_down.weight`, output: `${layer}.mlp_out` });
}

interface ResidualPart {
  readonly residual: string;
  readonly added: string;
  readonly weight: string;
  /** Name of the sum. */
  readonly name: string;
}

// One fused operator: the sum (fourth output) and its norm (first output).
function addResidual(graph: GraphBuilder, { manifest }: Linear, part: ResidualPart): string {
  const attributes = { epsilon: { float: manifest.architecture.normEpsilon } };
  const norm = { name: "SkipSimplifiedLayerNormalization", microsoft: true, attributes };
  return graph.node(norm, [part.residual, part.added, part.weight], [`${part.name}.normed`, "", "", part.name]);
}

import { createGraphBuilder, type GraphBuilder } from "./graph-builder.ts";
import { encodeModel } from "./onnx-format.ts";
import { WEIGHTS_FILE, type PreparedModel } from "./prepared.ts";
import { addBlocks } from "./graph-blocks.ts";
import { addEmbedding, addLinear, addNorm, createLinear } from "./graph-linear.ts";
import { addTaps } from "./graph-taps.ts";
import { unembeddingName } from "./weights.ts";

/** An affine map of a tapped row: `matrix` × row + `bias`. */
export interface AffineMap {
  readonly matrix: Float32Array; // [hidden, hidden], one row an output
  readonly bias: Float32Array; // [hidden]
}

/** A lens on one tap: what is done to its row before final norm and unembedding. At most one of the two. */
export interface TapView {
  /** Index into the plan's taps. */
  readonly tap: number;
  /** Subtracted from the row. `[hidden]` */
  readonly mean?: Float32Array;
  readonly affine?: AffineMap;
}

/** Views that share one sample of the vocabulary. */
export interface BackgroundGroup {
  /** Indices into the plan's views. */
  readonly views: readonly number[];
  /** Vocabulary ids. `[sample]` */
  readonly tokens: Int32Array;
}

/** What the graph returns besides logits and the new keys and values. */
export interface GraphPlan {
  /** Taps whose rows are returned, like `23.attn_out`, in the order of the output's third dimension. May be empty. */
  readonly taps: readonly string[];
  /** Lenses of those taps that concepts are read through, affine ones last. May be empty: rows alone cost nothing more. */
  readonly views: readonly TapView[];
  /** Indices into `views` whose mass over the whole vocabulary is returned. */
  readonly exact: readonly number[];
  /** Samples of the vocabulary, each with the views whose mass over it is returned. */
  readonly background: readonly BackgroundGroup[];
  /** Vocabulary ids whose lens logits are returned at every view. `[concepts]` */
  readonly conceptTokens: Int32Array;
  /** Positions that the rotary tables cover. */
  readonly contextTokens: number;
}

/**
 * The forward pass with its taps, as ONNX bytes over `weights.bin`. B requests, S new tokens, P cache capacity, M logit rows, R concept rows.
 *
 * Inputs: `input_ids`, `position_ids` int64 [B, S]; `seqlens_k` int32 [B] (total length − 1); `total_sequence_length` int32 [];
 * `past.L.k`, `past.L.v` float32 [B, kvHeads, P, headDim]; `logits_at` int64 [M] (flat indices into B × S);
 * `lens_rows` float32 [N, hidden] (rows of any tap, N may be 0).
 * Outputs: `logits` [M + N, vocabulary], the lens of `lens_rows` last; `new_kv` [B, S, 2 × layers × kvHeads × headDim], k then v of each layer, keys rotated;
 * with T taps also `tap_rows` [B, S, T, hidden]; with V views also `concept_logits` [B, S, V, R], `background.G` of each group and `exact` [B, S, their views]
 * (log-sum-exp), and `exact_concepts` [B, S, their views, R], the concepts' logits within that mass.
 */
export function buildForwardGraph(model: PreparedModel, plan: GraphPlan): Uint8Array {
  const { architecture } = model.manifest;
  const graph = createGraphBuilder(model.manifest.tensors, WEIGHTS_FILE);
  graph.input("input_ids", "int64", ["B", "S"]);
  graph.input("position_ids", "int64", ["B", "S"]);
  graph.input("seqlens_k", "int32", ["B"]);
  graph.input("total_sequence_length", "int32", []);
  graph.input("logits_at", "int64", ["M"]);
  const linear = createLinear(model.manifest);
  const embedded = addEmbedding(graph, linear, "input_ids");
  const blocks = addBlocks(graph, { linear, embedded, contextTokens: plan.contextTokens });
  addLogits(graph, model, blocks.normed);
  graph.node({ name: "Concat", attributes: { axis: -1 } }, blocks.fresh, "new_kv");
  graph.output("new_kv", "float32", ["B", "S", 2 * architecture.layers * architecture.kvHeads * architecture.headDim]);
  if (plan.taps.length > 0) addTaps(graph, { model, plan, blocks });
  return encodeModel(graph.finish());
}

// The lens takes the same product as the logits: a second copy of the unembedding would cost 38 MB.
function addLogits(graph: GraphBuilder, model: PreparedModel, normed: string): void {
  const { hidden, vocabulary } = model.manifest.architecture;
  const linear = createLinear(model.manifest);
  graph.integers("shape.rows", [-1, hidden]);
  graph.input("lens_rows", "float32", ["N", hidden]);
  const flat = graph.node("Reshape", [normed, "shape.rows"], "normed.flat");
  const chosen = graph.node({ name: "Gather", attributes: { axis: 0 } }, [flat, "logits_at"], "normed.chosen");
  const lens = addNorm(graph, linear, { input: "lens_rows", weight: "output_norm.weight", output: "lens_normed" });
  const rows = graph.node({ name: "Concat", attributes: { axis: 0 } }, [chosen, lens], "normed.rows");
  addLinear(graph, linear, { input: rows, weight: unembeddingName(model), output: "logits" });
  graph.output("logits", "float32", ["rows", vocabulary]);
}

import { createGraphBuilder, type GraphBuilder } from "./graph-builder.ts";
import { encodeModel } from "./onnx-format.ts";
import { WEIGHTS_FILE, type PreparedModel } from "./prepared.ts";
import { addBlocks, type BlockValues } from "./graph-blocks.ts";
import { addEmbedding, addLinear, addNorm, createLinear } from "./graph-linear.ts";
import { readQuantisedRows, readUnembeddingRows, unembeddingName } from "./weights.ts";

/** Taps that share one sample of the vocabulary. */
export interface BackgroundGroup {
  readonly taps: readonly number[];
  /** Vocabulary ids. `[sample]` */
  readonly tokens: Int32Array;
}

/** What the graph returns besides logits and the new keys and values. */
export interface GraphPlan {
  /** Taps that are read, like `23.attn_out`, in the order of the outputs' third dimension. May be empty. */
  readonly taps: readonly string[];
  /** Indices into `taps` whose mass over the whole vocabulary is returned. */
  readonly exact: readonly number[];
  /** Samples of the vocabulary, each with the taps (indices into `taps`) whose mass over it is returned. */
  readonly background: readonly BackgroundGroup[];
  /** Positions that the rotary tables cover. */
  readonly contextTokens: number;
}

/**
 * The forward pass with its taps, as ONNX bytes over `weights.bin`. B requests, S new tokens, P cache capacity, M logit rows, R concept rows.
 *
 * Inputs: `input_ids`, `position_ids` int64 [B, S]; `seqlens_k` int32 [B] (total length − 1); `total_sequence_length` int32 [];
 * `past.L.k`, `past.L.v` float32 [B, kvHeads, P, headDim]; `logits_at` int64 [M] (flat indices into B × S);
 * `lens_rows` float32 [N, hidden] (rows of any tap, N may be 0); `concept_rows` float32 [hidden, R].
 * Outputs: `logits` [M + N, vocabulary], the lens of `lens_rows` last; `new_kv` [B, S, 2 × layers × kvHeads × headDim], k then v of each layer, keys rotated;
 * with T taps also `tap_rows` [B, S, T, hidden], `concept_logits` [B, S, T, R], `background.G` of each group and `exact` [B, S, their taps] (log-sum-exp).
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

interface TapParts {
  readonly model: PreparedModel;
  readonly plan: GraphPlan;
  readonly blocks: BlockValues;
}

function addTaps(graph: GraphBuilder, { model, plan, blocks }: TapParts): void {
  const { hidden } = model.manifest.architecture;
  const count = plan.taps.length;
  graph.integers("axis.tap", [2]);
  const apart = plan.taps.map((tap) => {
    if (!blocks.taps.has(tap)) throw new Error(`the model has no tap "${tap}"`);
    return graph.node("Unsqueeze", [tap, "axis.tap"], `${tap}.apart`);
  });
  graph.node({ name: "Concat", attributes: { axis: 2 } }, apart, "tap_rows");
  graph.output("tap_rows", "float32", ["B", "S", count, hidden]);
  graph.input("concept_rows", "float32", [hidden, "R"]);
  const linear = createLinear(model.manifest);
  const normed = addNorm(graph, linear, { input: "tap_rows", weight: "output_norm.weight", output: "tap_normed" });
  graph.node("MatMul", [normed, "concept_rows"], "concept_logits");
  graph.output("concept_logits", "float32", ["B", "S", count, "R"]);
  plan.background.forEach((group, index) => {
    const name = `background.${index}`;
    const logits = (input: string) => backgroundLogits(graph, model, { input, name, tokens: group.tokens });
    addYardstick(graph, { name, from: group.taps, of: count, logits });
  });
  addYardstick(graph, {
    name: "exact",
    from: plan.exact,
    of: count,
    logits: (input) => addLinear(graph, linear, { input, weight: unembeddingName(model), output: "exact.logits" }),
  });
}

interface YardstickParts {
  readonly name: string;
  readonly from: readonly number[];
  readonly of: number;
  readonly logits: (normed: string) => string;
}

// Log-sum-exp of the yardstick's logits, one number a tap: [B, S, taps].
function addYardstick(graph: GraphBuilder, { name, from, of, logits }: YardstickParts): void {
  if (from.length === 0) return;
  let input = "tap_normed";
  if (from.length < of) {
    graph.integers(`${name}.taps`, from);
    input = graph.node({ name: "Gather", attributes: { axis: 2 } }, ["tap_normed", `${name}.taps`], `${name}.normed`);
  }
  // ln Σ eˣ = x₀ − logSoftmax(x)₀: LogSoftmax is vectorised, ReduceLogSumExp takes five times as long.
  const wide = logits(input);
  const whole = graph.node({ name: "LogSoftmax", attributes: { axis: -1 } }, [wide], `${name}.shares`);
  graph.integers(`${name}.first`, [0]);
  const first = (of: string) =>
    graph.node({ name: "Gather", attributes: { axis: -1 } }, [of, `${name}.first`], `${of}.first`);
  const mass = graph.node("Sub", [first(wide), first(whole)], `${name}.mass`);
  graph.integers(`${name}.axis`, [-1]);
  graph.node("Squeeze", [mass, `${name}.axis`], name);
  graph.output(name, "float32", ["B", "S", from.length]);
}

interface Sample {
  readonly input: string;
  readonly name: string;
  readonly tokens: Int32Array;
}

function backgroundLogits(graph: GraphBuilder, model: PreparedModel, { input, name, tokens }: Sample): string {
  const { hidden } = model.manifest.architecture;
  const size = tokens.length;
  if (model.manifest.precision === "exact") {
    graph.constant(`${name}.rows`, [size, hidden], readUnembeddingRows(model, tokens));
    const product = { name: "FusedMatMul", microsoft: true, attributes: { transB: 1 } };
    return graph.node(product, [input, `${name}.rows`], `${name}.logits`);
  }
  const { codes, steps, zeros, blockSize } = readQuantisedRows(model, tokens);
  graph.bytes(`${name}.codes`, [size, hidden / blockSize, blockSize], codes);
  graph.constant(`${name}.steps`, [steps.length], steps);
  graph.bytes(`${name}.zeros`, [zeros.length], zeros);
  const attributes = { K: hidden, N: size, bits: 8, block_size: blockSize, accuracy_level: 4 };
  const product = { name: "MatMulNBits", microsoft: true, attributes };
  return graph.node(product, [input, `${name}.codes`, `${name}.steps`, `${name}.zeros`], `${name}.logits`);
}

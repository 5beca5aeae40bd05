import type { GraphBuilder } from "./graph-builder.ts";
import type { BlockValues } from "./graph-blocks.ts";
import { addLinear, addNorm, createLinear } from "./graph-linear.ts";
import type { GraphPlan, TapView } from "./graph.ts";
import type { PreparedModel } from "./prepared.ts";
import { readQuantisedRows, readUnembeddingRows, unembeddingName } from "./weights.ts";

/** What the taps of a graph are made of. */
export interface TapParts {
  readonly model: PreparedModel;
  readonly plan: GraphPlan;
  readonly blocks: BlockValues;
}

/** Adds the outputs that taps need: their rows, and for views the concept logits and the yardsticks' masses. Throws for an unknown tap. */
export function addTaps(graph: GraphBuilder, parts: TapParts): void {
  const { model, plan, blocks } = parts;
  const { hidden } = model.manifest.architecture;
  const unknown = plan.taps.find((tap) => !blocks.taps.has(tap));
  if (unknown !== undefined) throw new Error(`the model has no tap "${unknown}"`);
  stack(graph, plan.taps, { name: "tap_rows", hidden });
  graph.output("tap_rows", "float32", ["B", "S", plan.taps.length, hidden]);
  if (plan.views.length > 0) addViews(graph, parts);
}

function addViews(graph: GraphBuilder, { model, plan }: TapParts): void {
  const { hidden } = model.manifest.architecture;
  const linear = createLinear(model.manifest);
  const count = plan.views.length;
  const concepts = conceptColumns(model, plan.conceptTokens);
  // A constant, not an input: the runtime packs a constant once, an input at every token.
  graph.constant("concept_rows", [hidden, concepts.length / hidden], concepts);
  const rows = addViewRows(graph, plan, hidden);
  const normed = addNorm(graph, linear, { input: rows, weight: "output_norm.weight", output: "view_normed" });
  graph.node("MatMul", [normed, "concept_rows"], "concept_logits");
  graph.output("concept_logits", "float32", ["B", "S", count, concepts.length / hidden]);
  plan.background.forEach((group, index) => {
    const name = `background.${index}`;
    const logits = (input: string) => backgroundLogits(graph, model, { input, name, tokens: group.tokens });
    addYardstick(graph, { name, from: group.views, of: count, logits });
  });
  addYardstick(graph, {
    name: "exact",
    from: plan.exact,
    of: count,
    logits: (input) => addLinear(graph, linear, { input, weight: unembeddingName(model), output: "exact.logits" }),
  });
  if (plan.exact.length === 0) return;
  // The concepts' logits as they stand in that mass: in fast precision they are rounded otherwise than those of `concept_rows`.
  graph.integers("exact.concepts", plan.conceptTokens.length === 0 ? [0] : [...plan.conceptTokens]);
  graph.node({ name: "Gather", attributes: { axis: -1 } }, ["exact.logits", "exact.concepts"], "exact_concepts");
  graph.output("exact_concepts", "float32", ["B", "S", plan.exact.length, concepts.length / hidden]);
}

// Rows of the unembedding as columns, [hidden, concepts]. One spare column of zeros keeps it from being empty.
function conceptColumns(model: PreparedModel, tokens: Int32Array): Float32Array {
  const { hidden } = model.manifest.architecture;
  const rows = readUnembeddingRows(model, tokens); // [concepts, hidden]
  const count = Math.max(1, tokens.length);
  const columns = new Float32Array(hidden * count); // [hidden, concepts]
  for (let token = 0; token < tokens.length; token += 1) {
    for (let index = 0; index < hidden; index += 1) columns[index * count + token] = rows[token * hidden + index] ?? 0;
  }
  return columns;
}

// [B, S, views, hidden]. One lookup and one subtraction for all: every node costs a few microseconds at every token.
function addViewRows(graph: GraphBuilder, { taps, views }: GraphPlan, hidden: number): string {
  const affine = views.filter((view) => view.affine);
  const plain = views.slice(0, views.length - affine.length);
  if (plain.some((view) => view.affine)) throw new Error("affine views must come last");
  const stray = views.find(({ tap }) => taps[tap] === undefined);
  if (stray) throw new Error(`a view names tap number ${stray.tap}, of ${taps.length}`);
  const parts: string[] = [];
  if (plain.length > 0) {
    const rows = pickRows(graph, plain, taps.length);
    parts.push(plain.some((view) => view.mean) ? subtractMeans(graph, rows, { plain, hidden }) : rows);
  }
  if (affine.length > 0) {
    const mapped = affine.map((view, index) =>
      addAffine(graph, taps[view.tap] ?? "", { view, hidden, name: `affine.${index}` }),
    );
    parts.push(stack(graph, mapped, { name: "view_rows.affine", hidden }));
  }
  const [only = "", ...more] = parts;
  return more.length === 0 ? only : graph.node({ name: "Concat", attributes: { axis: 2 } }, parts, "view_rows");
}

function pickRows(graph: GraphBuilder, plain: readonly TapView[], taps: number): string {
  if (plain.length === taps && plain.every(({ tap }, index) => tap === index)) return "tap_rows";
  graph.integers(
    "view_taps",
    plain.map(({ tap }) => tap),
  );
  return graph.node({ name: "Gather", attributes: { axis: 2 } }, ["tap_rows", "view_taps"], "view_rows.plain");
}

function subtractMeans(graph: GraphBuilder, rows: string, of: { plain: readonly TapView[]; hidden: number }): string {
  const means = new Float32Array(of.plain.length * of.hidden); // [plain views, hidden]
  of.plain.forEach(({ mean }, index) => {
    if (mean) means.set(checked(mean, of.hidden), index * of.hidden);
  });
  graph.constant("view_means", [of.plain.length, of.hidden], means);
  return graph.node("Sub", [rows, "view_means"], "view_rows.centred");
}

function addAffine(graph: GraphBuilder, rows: string, of: { view: TapView; hidden: number; name: string }): string {
  const { view, hidden, name } = of;
  if (!view.affine) return rows;
  graph.constant(`${name}.matrix`, [hidden, hidden], checked(view.affine.matrix, hidden * hidden));
  graph.constant(`${name}.bias`, [hidden], checked(view.affine.bias, hidden));
  const product = { name: "FusedMatMul", microsoft: true, attributes: { transB: 1 } };
  const turned = graph.node(product, [rows, `${name}.matrix`], `${name}.product`);
  return graph.node("Add", [turned, `${name}.bias`], `${name}.rows`);
}

function checked(values: Float32Array, size: number): Float32Array {
  if (values.length !== size) throw new Error(`a lens constant holds ${values.length} numbers instead of ${size}`);
  return values;
}

// Values [B, S, hidden] → [B, S, values, hidden], in two nodes however many there are.
function stack(graph: GraphBuilder, values: readonly string[], of: { name: string; hidden: number }): string {
  const flat = graph.node({ name: "Concat", attributes: { axis: 2 } }, values, `${of.name}.flat`);
  graph.integers(`${of.name}.shape`, [0, 0, values.length, of.hidden]);
  return graph.node("Reshape", [flat, `${of.name}.shape`], of.name);
}

interface YardstickParts {
  readonly name: string;
  readonly from: readonly number[];
  readonly of: number;
  readonly logits: (normed: string) => string;
}

// Log-sum-exp of the yardstick's logits, one number a view: [B, S, views].
function addYardstick(graph: GraphBuilder, { name, from, of, logits }: YardstickParts): void {
  if (from.length === 0) return;
  let input = "view_normed";
  if (from.length < of) {
    graph.integers(`${name}.views`, from);
    input = graph.node({ name: "Gather", attributes: { axis: 2 } }, ["view_normed", `${name}.views`], `${name}.normed`);
  }
  // ln Σ eˣ = x₀ − logSoftmax(x)₀: LogSoftmax is vectorised, ReduceLogSumExp takes five times as long.
  const wide = logits(input);
  const whole = graph.node({ name: "LogSoftmax", attributes: { axis: -1 } }, [wide], `${name}.shares`);
  const index = graph.scalar(`${name}.first`, 0);
  const first = (of: string) => graph.node({ name: "Gather", attributes: { axis: -1 } }, [of, index], `${of}.first`);
  graph.node("Sub", [first(wide), first(whole)], name);
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

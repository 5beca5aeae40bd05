import { buildForwardGraph, type GraphPlan } from "./graph.ts";
import type { PreparedModel } from "./prepared.ts";
import { openSession, type Feed, type Session } from "./session.ts";
import { createSlot, type Slot } from "./slot.ts";

/** A plan that returns the rows of taps and reads nothing from them. */
export function planTaps(taps: readonly string[], contextTokens: number): GraphPlan {
  return { taps, views: [], exact: [], background: [], conceptTokens: new Int32Array(0), contextTokens };
}

/** What one forward pass of one request says. S new positions, T taps, V views, R concept rows. */
export interface ForwardResult {
  readonly positions: number;
  readonly logits: Float32Array; // [asked positions, vocabulary]
  readonly tapRows: Float32Array; // [S, T, hidden]
  readonly conceptLogits: Float32Array; // [S, V, R]
  readonly background: readonly Float32Array[]; // one a group: [S, group's views]
  readonly exact: Float32Array; // [S, exact views]
  readonly exactConcepts: Float32Array; // [S, exact views, R]
}

/** A model that is loaded and can go one pass further. */
export interface Forward {
  readonly plan: GraphPlan;
  /** Runs the ids after what the slot holds and fills the slot. `logits`: which of the new positions return them. */
  step(slot: Slot, ids: ArrayLike<number>, logits: "last" | "all"): Promise<ForwardResult>;
  /** The logit lens of tapped rows, `[rows × hidden]` → `[rows × vocabulary]`. Costs a pass of one token. */
  lens(rows: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface ForwardOptions {
  readonly model: PreparedModel;
  readonly plan: GraphPlan;
  readonly threads?: number;
}

const EMPTY = new Float32Array(0); // [0]

/** Builds the graph for a plan and loads it. */
export async function openForward({ model, plan, threads }: ForwardOptions): Promise<Forward> {
  const { hidden, vocabulary } = model.manifest.architecture;
  const session: Session = await openSession({
    graph: buildForwardGraph(model, plan),
    folder: model.folder,
    ...(threads === undefined ? {} : { threads }),
  });
  const run = async (slot: Slot, ids: ArrayLike<number>, at: { logits: "last" | "all"; lensRows: Float32Array }) => {
    const lens: Feed = { type: "float32", data: at.lensRows, dims: [at.lensRows.length / hidden, hidden] };
    const feeds = { ...slot.inputs, ...stepFeeds(slot.length, ids, at.logits), lens_rows: lens };
    const results = await session.run(feeds);
    return (name: string) => results[name]?.data ?? EMPTY;
  };
  return {
    plan,
    async step(slot, ids, logits) {
      const count = ids.length;
      if (count === 0) throw new Error("a pass needs at least one token");
      // The runtime counts a negative index from the end.
      const stray = Array.from(ids).find((id) => !(id >= 0 && id < vocabulary));
      if (stray !== undefined) throw new RangeError(`token ${stray} is outside the vocabulary of ${vocabulary}`);
      const total = slot.length + count;
      if (total > plan.contextTokens) throw new Error(`position ${total} is past the context of ${plan.contextTokens}`);
      slot.reserve(total);
      const get = await run(slot, ids, { logits, lensRows: EMPTY });
      slot.append(get("new_kv"), count);
      const tapRows = get("tap_rows");
      if (tapRows.length !== count * plan.taps.length * hidden)
        throw new Error("the graph returned other taps than planned");
      return {
        positions: count,
        logits: get("logits"),
        tapRows,
        conceptLogits: get("concept_logits"),
        background: plan.background.map((_, group) => get(`background.${group}`)),
        exact: get("exact"),
        exactConcepts: get("exact_concepts"),
      };
    },
    async lens(rows) {
      if (rows.length === 0 || rows.length % hidden !== 0)
        throw new Error(`${rows.length} numbers are no rows of ${hidden}`);
      // The first row of logits is that of the token which any pass needs.
      const get = await run(createSlot(model.manifest.architecture, 1), [0], { logits: "last", lensRows: rows });
      return get("logits").subarray(vocabulary);
    },
    close: () => session.close(),
  };
}

function stepFeeds(filled: number, ids: ArrayLike<number>, logits: "last" | "all"): Record<string, Feed> {
  const count = ids.length;
  const upTo = (from: number, length: number) => Array.from({ length }, (_, index) => from + index);
  const at = logits === "last" ? [count - 1] : upTo(0, count);
  return {
    input_ids: { type: "int64", data: Array.from(ids), dims: [1, count] },
    position_ids: { type: "int64", data: upTo(filled, count), dims: [1, count] },
    seqlens_k: { type: "int32", data: [filled + count - 1], dims: [1] },
    total_sequence_length: { type: "int32", data: [filled + count], dims: [] },
    logits_at: { type: "int64", data: at, dims: [at.length] },
  };
}

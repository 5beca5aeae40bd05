import type { Forward, ForwardResult } from "../../src/model/forward.ts";
import { createSlot, type Slot } from "../../src/model/slot.ts";
import type { Architecture } from "../../src/model/architecture.ts";

/** Every position's logits and tapped rows of a text, however it was run. */
export interface Run {
  readonly logits: Float32Array; // [positions, vocabulary]
  readonly tapRows: Float32Array; // [positions, taps, hidden]
}

export interface RunOptions {
  readonly forward: Forward;
  readonly architecture: Architecture;
  readonly ids: readonly number[];
}

/** Runs a text in pieces of the given sizes; the last size goes on to the end. */
export async function runInPieces({ forward, architecture, ids }: RunOptions, sizes: readonly number[]): Promise<Run> {
  const slot = createSlot(architecture);
  const results: ForwardResult[] = [];
  for (let piece = 0; slot.length < ids.length; piece += 1) {
    const size = sizes[Math.min(piece, sizes.length - 1)] ?? ids.length;
    results.push(await forward.step(slot, ids.slice(slot.length, slot.length + size), "all"));
  }
  return join(results);
}

/** Runs several texts token by token in turns, each in a slot of its own, and returns the first one's run. */
export async function runInterleaved(
  { forward, architecture, ids }: RunOptions,
  others: readonly (readonly number[])[],
): Promise<Run> {
  const texts = [...others.slice(0, 1), ids, ...others.slice(1)];
  const slots = texts.map((): Slot => createSlot(architecture));
  const results: ForwardResult[] = [];
  for (let position = 0; position < ids.length; position += 1) {
    for (const [index, text] of texts.entries()) {
      const token = text[position];
      const slot = slots[index];
      if (token === undefined || slot === undefined) continue;
      const result = await forward.step(slot, [token], "all");
      if (text === ids) results.push(result);
    }
  }
  return join(results);
}

function join(results: readonly ForwardResult[]): Run {
  return {
    logits: joinRows(results.map((each) => each.logits)),
    tapRows: joinRows(results.map((each) => each.tapRows)),
  };
}

function joinRows(parts: readonly Float32Array[]): Float32Array {
  const rows = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0)); // [positions, …]
  let at = 0;
  for (const part of parts) {
    rows.set(part, at);
    at += part.length;
  }
  return rows;
}

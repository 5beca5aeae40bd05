import { createHash } from "node:crypto";
import { join } from "node:path";
import { GatewayError } from "../errors.ts";
import type { Positions } from "../detect/kinds/kind.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { openForward, planTaps, type Forward } from "../model/forward.ts";
import { createSlot, type Slot } from "../model/slot.ts";
import { isSpecialToken } from "../model/vocabulary.ts";
import { openActivationStore, type ActivationStore } from "./activation-store.ts";
import { encodeRow, judgedPositions, type EncodedRow, type Form } from "./encoded-row.ts";
import type { LabelledRow } from "./labelled-rows.ts";
import { rowError } from "./row-content.ts";

/** What to read of which rows, and where to keep it. */
export interface CollectOptions {
  readonly model: OpenModel;
  readonly rows: readonly FormedRow[];
  readonly positions: Positions;
  /** Like `23.attn_out`. */
  readonly taps: readonly string[];
  /** Folder of prepared files; activations lie in `activations/` under it. */
  readonly cache: string;
  readonly prefillChunkTokens: number;
  readonly threads?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A labelled row in the form in which it is read. */
export interface FormedRow extends LabelledRow {
  readonly form: Form;
}

/** Positions that are kept at once. */
const BATCH = 512;

/**
 * Reads the rows through the model, once: what is there already from the same data, model and options is taken as it is, and a run that
 * was cut short goes on. Throws `ConfigError` with file and line for a row that does not fit the context or the chat template.
 */
export async function collectActivations(options: CollectOptions): Promise<ActivationStore> {
  const { model, taps, threads } = options;
  const { vocabulary, architecture } = model.prepared.manifest;
  const jobs = options.rows.map((row) => encodeJob(options, row, (id) => isSpecialToken(vocabulary, id)));
  const store = openActivationStore({
    folder: join(options.cache, "activations", keyOf(options)),
    taps,
    hidden: architecture.hidden,
    counts: jobs.map((job) => job.positions.length),
    beforeEnd: jobs.map((job) => job.positions.filter((position) => position < job.promptEnd).length),
  });
  if (store.done === jobs.length) return store;
  const plan = planTaps(taps, model.facts.contextTokens);
  const forward = await openForward({ model: model.prepared, plan, ...(threads === undefined ? {} : { threads }) });
  const slot = createSlot(architecture, model.facts.contextTokens);
  try {
    await fill(store, { ...options, jobs, forward, slot });
  } finally {
    await forward.close();
  }
  return store;
}

interface Job {
  readonly ids: Int32Array; // [prompt + forced]
  readonly positions: readonly number[];
  /** Last position of the prompt. */
  readonly promptEnd: number;
}

function encodeJob(options: CollectOptions, row: FormedRow, isSpecial: (id: number) => boolean): Job {
  const place = { file: row.file, line: row.line };
  const { contextTokens } = options.model.facts;
  let encoded: EncodedRow;
  try {
    encoded = encodeRow(options.model.prompts, row.content, row.form);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw rowError(place, error.message, "correct the row");
  }
  const ids = Int32Array.from([...encoded.prompt.ids, ...encoded.forced]);
  if (ids.length > contextTokens) {
    const message = `the row has ${ids.length} tokens, the context holds ${contextTokens}`;
    throw rowError(place, message, "shorten it, or raise engine.context_tokens");
  }
  const positions = judgedPositions(encoded, options.positions, isSpecial);
  if (positions.length > 0) return { ids, positions, promptEnd: encoded.prompt.ids.length - 1 };
  throw rowError(place, "the row has no position that is judged: it is one token long", "write a longer text");
}

// Everything that the numbers depend on.
function keyOf({ model, rows, positions, taps, prefillChunkTokens }: CollectOptions): string {
  const { sha256, precision, formatVersion } = model.facts;
  const hash = createHash("sha256");
  const parts = [sha256, precision, formatVersion, model.chatTemplateSha256, positions, taps, prefillChunkTokens];
  hash.update(JSON.stringify(parts));
  for (const { content, form } of rows) hash.update(JSON.stringify([form, content]));
  return hash.digest("hex").slice(0, 32);
}

interface Filling extends CollectOptions {
  readonly jobs: readonly Job[];
  readonly forward: Forward;
  readonly slot: Slot;
}

async function fill(store: ActivationStore, { jobs, onProgress, ...reading }: Filling): Promise<void> {
  const width = store.taps.length * store.hidden;
  let kept: Float32Array[] = [];
  let rows = 0;
  const flush = (): void => {
    const values = new Float32Array(kept.reduce((sum, part) => sum + part.length, 0)); // [count, taps, hidden]
    let at = 0;
    for (const part of kept) {
      values.set(part, at);
      at += part.length;
    }
    store.append(rows, values);
    [kept, rows] = [[], 0];
  };
  for (let index = store.done; index < jobs.length; index += 1) {
    const job = jobs[index];
    if (job === undefined) break;
    const values = await readRow(job, { ...reading, width });
    if (values === undefined) throw brokenRow(reading.rows[index]);
    kept.push(values);
    rows += 1;
    if (kept.reduce((sum, part) => sum + part.length, 0) >= BATCH * width || index === jobs.length - 1) flush();
    onProgress?.(index + 1, jobs.length);
  }
}

function brokenRow(row: FormedRow | undefined): Error {
  const { file = "", line = 0 } = row ?? {};
  const message = "the model's activations on this row are not finite";
  return rowError({ file, line }, message, "take the row out, or run with precision: exact");
}

type Reading = Pick<Filling, "forward" | "slot" | "model" | "prefillChunkTokens"> & { readonly width: number };

async function readRow(
  { ids, positions }: Job,
  { forward, slot, model, prefillChunkTokens, width }: Reading,
): Promise<Float32Array | undefined> {
  const { hidden, normEpsilon } = model.prepared.manifest.architecture;
  const values = new Float32Array(positions.length * width); // [positions, taps, hidden]
  let kept = 0;
  slot.clear();
  for (let from = 0; from < ids.length; from += prefillChunkTokens) {
    const chunk = ids.subarray(from, from + prefillChunkTokens);
    const { tapRows } = await forward.step(slot, chunk, "last");
    for (; (positions[kept] ?? Infinity) < from + chunk.length; kept += 1) {
      const start = ((positions[kept] ?? 0) - from) * width;
      values.set(tapRows.subarray(start, start + width), kept * width);
    }
  }
  return normRows(values, hidden, normEpsilon) ? values : undefined;
}

/** Divides every row by its root mean square, in place: what a probe reads. Returns false where a number is not finite. `[rows, hidden]` */
export function normRows(values: Float32Array, hidden: number, epsilon: number): boolean {
  let isFinite = true;
  for (let start = 0; start < values.length; start += hidden) {
    let squares = 0;
    for (let at = start; at < start + hidden; at += 1) squares += values[at]! * values[at]!;
    isFinite &&= Number.isFinite(squares);
    const scale = 1 / Math.sqrt(squares / hidden + epsilon);
    for (let at = start; at < start + hidden; at += 1) values[at] = values[at]! * scale;
  }
  return isFinite;
}

import type { WorkerParts } from "../engine/worker-parts.ts";
import { countBelow, logSumExpRows, normRows, scaleRow, topDifferences } from "../lens/row-lens-math.ts";
import type { PreparedModel } from "../model/prepared.ts";
import { createSlot } from "../model/slot.ts";
import { readFinalNorm, readUnembeddingRows } from "../model/weights.ts";
import type { LayerTokens, LiftedToken } from "./enrichment.ts";
import { createKeptRows } from "./kept-rows.ts";
import type { ReaderSettings } from "./reader-settings.ts";
import type { KeptRow } from "./reread.ts";
import { roundNumber } from "./rounding.ts";

const TOP = 10;
const CHUNK_TOKENS = 64;

/** The logit lens of every tap at one position, strongest tokens first. */
export interface LayerLens {
  read(at: KeptRow): Promise<LayerTokens[]>;
}

export interface LayerLensOptions {
  readonly parts: WorkerParts;
  readonly model: PreparedModel;
  readonly settings: ReaderSettings;
}

/** Ordinary text as every tap sees it. */
interface Reference {
  /** Mean logits. `[taps, vocabulary]` */
  readonly means: Float32Array;
  /** Rows through the final norm, by tap. Each `[positions, hidden]` */
  readonly rows: readonly Float32Array[];
}

/** Reads ordinary text to compare with, where the model ships some. */
export async function openLayerLens(options: LayerLensOptions): Promise<LayerLens> {
  const { parts, settings } = options;
  const { taps, statistics, sample } = settings;
  const kept = createKeptRows(parts);
  const reference = statistics && sample.length > 1 ? await readReference(options, statistics) : undefined;
  return {
    async read(at) {
      const rows = kept.take([at], taps); // [taps, hidden]
      const logits = await parts.lensHead.logits(rows); // [taps, vocabulary]
      const totals = logSumExpRows(logits, parts.vocabulary); // [taps]
      const byProbability = taps.map((_, tap) => {
        const line = lineOf(parts, logits, tap);
        return topDifferences(line, undefined, TOP).map((id) =>
          describe(parts, id, (line[id] ?? NaN) - (totals[tap] ?? NaN)),
        );
      });
      const lifted = reference && rankLifts(options, { rows, logits, totals, reference });
      return taps.map((tap, index) => ({
        tap,
        byProbability: byProbability[index] ?? [],
        byLift: lifted?.[index] ?? null,
      }));
    },
  };
}

function lineOf({ vocabulary }: WorkerParts, logits: Float32Array, tap: number): Float32Array {
  return logits.subarray(tap * vocabulary, (tap + 1) * vocabulary);
}

function describe({ textOf }: WorkerParts, id: number, logarithm: number) {
  return { id, text: textOf(id), probability: roundProbability(Math.exp(logarithm)) };
}

// Six decimals: a tap of which nothing is likely still has an order.
function roundProbability(value: number): number {
  return Math.round(value * 1_000_000) / 1_000_000;
}

async function readReference(
  { parts, model, settings }: LayerLensOptions,
  { normedMeans }: NonNullable<ReaderSettings["statistics"]>,
): Promise<Reference> {
  const { taps } = settings;
  const { hidden } = parts;
  const averages = new Float32Array(taps.length * hidden); // [taps, hidden]
  taps.forEach((tap, index) => averages.set(normedMeans.get(tap) ?? [], index * hidden));
  const means = await parts.lensHead.logits(averages); // [taps, vocabulary]
  const { normEpsilon } = model.manifest.architecture;
  // The head norms what it is given; a mean of normed rows is to stay as short as it is.
  taps.forEach((_, tap) => {
    const row = averages.subarray(tap * hidden, (tap + 1) * hidden);
    const scale = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / hidden + normEpsilon);
    scaleRow(lineOf(parts, means, tap), scale);
  });
  return { means, rows: await readSample({ parts, model, settings }) };
}

/** Rows of ordinary text through the final norm, by tap. Position 0 of each pass is left out: it is an attention sink. */
async function readSample({ parts, model, settings }: LayerLensOptions): Promise<Float32Array[]> {
  const { taps, sample } = settings;
  const { hidden } = parts;
  const { architecture } = model.manifest;
  const passes = Math.ceil(sample.length / CHUNK_TOKENS);
  const rows = taps.map(() => new Float32Array((sample.length - passes) * hidden)); // each [positions, hidden]
  const [kept, weight, slot] = [createKeptRows(parts), readFinalNorm(model), createSlot(architecture)];
  let positions = 0;
  for (let start = 0; start < sample.length; start += CHUNK_TOKENS) {
    const ids = sample.slice(start, start + CHUNK_TOKENS);
    slot.clear();
    const result = await parts.forward.step(slot, ids, "last");
    for (let row = 1; row < ids.length; row += 1) {
      const normed = normRows(kept.take([{ result, row }], taps), weight, architecture.normEpsilon); // [taps, hidden]
      rows.forEach((own, tap) => own.set(normed.subarray(tap * hidden, (tap + 1) * hidden), positions * hidden));
      positions += 1;
    }
  }
  return rows;
}

interface Lifting {
  readonly rows: Float32Array; // [taps, hidden]
  readonly logits: Float32Array; // [taps, vocabulary]
  readonly totals: Float32Array; // [taps]
  readonly reference: Reference;
}

function rankLifts(options: LayerLensOptions, { rows, logits, totals, reference }: Lifting): LiftedToken[][] {
  const { parts, model, settings } = options;
  const { hidden } = parts;
  const normed = normRows(rows, readFinalNorm(model), model.manifest.architecture.normEpsilon); // [taps, hidden]
  return settings.taps.map((_, tap) => {
    const [line, means] = [lineOf(parts, logits, tap), lineOf(parts, reference.means, tap)];
    const ids = topDifferences(line, means, TOP);
    const directions = readUnembeddingRows(model, ids); // [top, hidden]
    const own = normed.subarray(tap * hidden, (tap + 1) * hidden);
    const ordinary = reference.rows[tap] ?? new Float32Array(0); // [positions, hidden]
    return ids.map((id, index) => {
      // Both sides in float32: the head rounds in 8 bits.
      const below = countBelow(ordinary, own, directions.subarray(index * hidden, (index + 1) * hidden));
      return {
        ...describe(parts, id, (line[id] ?? NaN) - (totals[tap] ?? NaN)),
        lift: roundNumber((line[id] ?? NaN) - (means[id] ?? NaN)) ?? 0,
        percentile: roundNumber((100 * below) / (ordinary.length / hidden)) ?? 0,
      };
    });
  });
}

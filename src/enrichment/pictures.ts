import type { LoadedDetector } from "../detect/loader.ts";
import type { WorkerParts } from "../engine/worker-parts.ts";
import type { LensMaps } from "../lens/lens-maps.ts";
import { createReader } from "../lens/lens-math.ts";
import { planReads } from "../lens/read-plan.ts";
import { isProbeRead, tapsOfRead, type ConceptRead, type LensName, type Reading } from "../lens/reading.ts";
import { openRowLens } from "../lens/row-lens.ts";
import { formatTap, parseTap } from "../lens/tap.ts";
import { readTunedMaps } from "../lens/tuned-lens.ts";
import type { MatrixProduct } from "../model/matrix-product.ts";
import type { PreparedModel } from "../model/prepared.ts";
import type { Picture } from "./enrichment.ts";
import { createKeptRows } from "./kept-rows.ts";
import type { ReaderSettings } from "./reader-settings.ts";
import type { KeptRow } from "./reread.ts";
import { roundNumber } from "./rounding.ts";

/** What pictures are drawn from. */
export interface PictureParts {
  readonly parts: WorkerParts;
  readonly model: PreparedModel;
  readonly product: MatrixProduct;
  readonly settings: ReaderSettings;
}

/** A detector whose picture is drawn, and the index of its first read among the panel's. */
export interface SeatedDetector {
  readonly detector: LoadedDetector;
  readonly firstRead: number;
}

/** Positions that go through the lens at once. */
const BATCH = 8;

/** The picture of a detector over kept rows, one column a row; undefined for one that reads text. */
export async function drawPicture(
  drawn: PictureParts,
  seated: SeatedDetector,
  rows: readonly KeptRow[],
): Promise<Picture | undefined> {
  const { reads, id } = seated.detector;
  const concept = reads.find((read): read is ConceptRead => !isProbeRead(read));
  const liveTaps = [...new Set(reads.flatMap(tapsOfRead).map(formatTap))];
  if (concept) {
    const { lens = "logit" } = concept;
    const values = await readConcept(drawn, concept, rows);
    overwriteLive(values, { drawn, seated, rows, lens });
    return { detector: id, unit: "log-odds", lens, values: rounded(values), liveTaps, threshold: thresholdOf(seated) };
  }
  if (reads.length === 0) return undefined;
  const values = readProbe(drawn, seated, rows);
  return { detector: id, unit: "score", lens: "none", values: rounded(values), liveTaps, threshold: null };
}

type Values = (number | null)[][];

/** The log-odds of a concept's tokens at every tap that its lens has, against the background. `[taps][rows]` */
async function readConcept(
  { parts, model, product, settings }: PictureParts,
  { tokens, lens = "logit" }: ConceptRead,
  rows: readonly KeptRow[],
): Promise<Values> {
  const { taps, worker } = settings;
  const { layers, vocabulary, normEpsilon } = model.manifest.architecture;
  const lenses = mapsOf(lens, settings);
  const read = taps.filter((tap) => lens === "logit" || lenses[lens === "tuned" ? "tuned" : "means"].has(tap));
  const values: Values = taps.map(() => rows.map(() => null));
  if (read.length === 0) return values;
  const reads = read.map((tap) => ({ tap: parseTap(tap, layers), tokens, yardstick: "background" as const, lens }));
  const { background } = worker;
  const plan = planReads({ reads, background, vocabulary, contextTokens: 1, normEpsilon, lenses });
  const rowLens = openRowLens({ model, plan, product });
  const reader = createReader(plan);
  const kept = createKeptRows(parts);
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    const result = await rowLens.read(kept.take(batch, plan.forward.taps));
    read.forEach((tap, index) => {
      const line = values[taps.indexOf(tap)] ?? [];
      batch.forEach((_, row) => (line[start + row] = reader(result, row, index).logOdds));
    });
  }
  return values;
}

function mapsOf(lens: LensName, { statistics, tuned, taps }: ReaderSettings): LensMaps {
  return {
    means: statistics?.means ?? new Map(),
    tuned: lens === "tuned" && tuned ? readTunedMaps(tuned, taps) : new Map(),
  };
}

interface Live {
  readonly drawn: PictureParts;
  readonly seated: SeatedDetector;
  readonly rows: readonly KeptRow[];
  readonly lens: LensName;
}

/** At the detector's own taps stands what the detector itself read. */
function overwriteLive(values: Values, { drawn, seated, rows, lens }: Live): void {
  seated.detector.reads.forEach((read, index) => {
    if (isProbeRead(read) || read.yardstick !== "background" || (read.lens ?? "logit") !== lens) return;
    const line = values[drawn.settings.taps.indexOf(formatTap(read.tap))];
    if (line) readingsOf(drawn, rows, seated.firstRead + index).forEach(({ logOdds }, at) => (line[at] = logOdds));
  });
}

/** What each tap of a probe adds, nothing elsewhere. */
function readProbe(drawn: PictureParts, { detector, firstRead }: SeatedDetector, rows: readonly KeptRow[]): Values {
  const { taps } = drawn.settings;
  const values: Values = taps.map(() => rows.map(() => null));
  detector.reads.forEach((read, index) => {
    const readings = readingsOf(drawn, rows, firstRead + index).map(({ logits }) => logits);
    tapsOfRead(read).forEach((tap, part) => {
      const line = values[taps.indexOf(formatTap(tap))] ?? [];
      readings.forEach((parts, at) => (line[at] = (line[at] ?? 0) + (parts[part] ?? 0)));
    });
  });
  return values;
}

function readingsOf({ parts }: PictureParts, rows: readonly KeptRow[], read: number): Reading[] {
  return rows.map(({ result, row }) => parts.reader(result, row, read));
}

// A threshold in probabilities has no place in a picture of log-odds.
function thresholdOf({ detector: { resolved, threshold } }: SeatedDetector): number | null {
  const isProbability = (resolved as { readonly score?: unknown } | null)?.score === "probability";
  return isProbability ? null : threshold;
}

function rounded(values: Values): Values {
  return values.map((line) => line.map((value) => (value === null ? null : roundNumber(value))));
}

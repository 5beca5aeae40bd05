import { emergesAt } from "../lens/emergence.ts";
import type { LensAtTap, LensComparer } from "../lens/lens-compare.ts";
import type { OpenModel } from "../lens/open-model.ts";
import { LENSES, type LensName } from "../lens/reading.ts";
import { parseTap, TAP_POINTS, type TapPoint } from "../lens/tap.ts";
import type { FactRow } from "./fact-rows.ts";
import { createProgress } from "./progress.ts";
import { estimate, estimateMean, type Estimate, type MeanEstimate } from "./statistics.ts";

/** Where answers emerge, of the facts that the model answers itself. */
export interface FactsTable {
  readonly asked: number;
  /** Facts whose answer begins with the model's own most likely token. */
  readonly answered: number;
  readonly rows: readonly FactsRow[];
}

/** One lens over the taps of one point. */
export interface FactsRow {
  readonly lens: LensName;
  readonly point: TapPoint;
  /** Share of the answered facts whose answer is first at the last of these taps; null without one. */
  readonly emerged: MeanEstimate | null;
  /** Layer from which the answer is first and stays first, of those that emerge; null for none. */
  readonly layer: Estimate | null;
}

export interface FactsOptions {
  readonly comparer: LensComparer;
  readonly model: OpenModel;
  readonly facts: readonly FactRow[];
  readonly lenses: readonly LensAtTap[];
}

/** A lens over the taps of one point, in the order of computation. */
interface Ladder {
  readonly lens: LensName;
  readonly point: TapPoint;
  readonly steps: readonly { readonly index: number; readonly layer: number }[];
  /** For each answered fact the layer where its answer emerges. */
  readonly layers: (number | null)[];
}

/** Reads every fact once and finds where its answer emerges. */
export async function compareFacts({ comparer, model, facts, lenses }: FactsOptions): Promise<FactsTable> {
  const { tokenizer, facts: about } = model;
  const ladders = buildLadders(lenses, about.layers);
  const onProgress = createProgress("reading facts");
  let answered = 0;
  for (const [number, { text, answers }] of facts.entries()) {
    onProgress(number + 1, facts.length);
    const ids = tokenizer.encode(text);
    if (ids.length < 2 || ids.length > about.contextTokens) continue;
    const first = new Set(answers.flatMap((answer) => tokenizer.encode(` ${answer.trim()}`).slice(0, 1)));
    const { final, lenses: tops } = await comparer.lastTokens(ids);
    if (!first.has(final)) continue;
    answered += 1;
    for (const { steps, layers } of ladders) {
      const at = emergesAt(steps.map(({ index }) => tops[index] === final));
      layers.push(at === null ? null : (steps[at]?.layer ?? null));
    }
  }
  return { asked: facts.length, answered, rows: ladders.map(summarise) };
}

function buildLadders(lenses: readonly LensAtTap[], layers: number): Ladder[] {
  const places = lenses.map(({ lens, tap }, index) => ({ lens, index, ...parseTap(tap, layers) }));
  return LENSES.flatMap((lens) =>
    TAP_POINTS.flatMap((point) => {
      const own = places.filter((place) => place.lens === lens && place.point === point);
      const steps = own.sort((left, right) => left.layer - right.layer);
      return steps.length > 0 ? [{ lens, point, steps, layers: [] }] : [];
    }),
  );
}

function summarise({ lens, point, layers }: Ladder): FactsRow {
  const found = layers.filter((layer) => layer !== null);
  return {
    lens,
    point,
    emerged: layers.length > 0 ? estimateMean(layers.map((layer) => (layer === null ? 0 : 1))) : null,
    layer: found.length > 0 ? estimate(found) : null,
  };
}

import type { Enrichment } from "../../src/enrichment/enrichment.ts";
import type { Trace } from "../../src/trace/trace.ts";

const LAYERS = 30;
const SUBLAYERS = ["attn_out", "resid_mid", "mlp_out", "resid_post"] as const;
const TOPS = [" Japanese", " Japan", " sushi", " Asian", " Tokyo", " rice", " dish", "日本"];

/** A re-read of a trace as the worker would store it; `text` stands for every word that a model would have written. */
export function madeEnrichment(trace: Trace, text?: string, changes: Partial<Enrichment> = {}): Enrichment {
  const [evidence] = trace.evidence;
  const live = evidence?.live ?? [];
  const first = trace.end?.promptTokens ?? 0;
  const released = trace.end?.releasedTokens ?? 0;
  const known = live.map(({ position, token, text: own }) => ({ position, token, text: text ?? own }));
  const last = known.at(-1)?.position ?? 0;
  const later = (trace.end?.generated ?? [])
    .map((token, index) => ({ position: first + index, token: token.id, text: text ?? token.text }))
    .filter(({ position }) => position > last)
    .slice(0, 8);
  const positions = [...known, ...later].map((one) => ({
    ...one,
    released: one.position < first ? null : one.position - first < released,
  }));
  const detector = text ?? evidence?.finding.detector ?? trace.sample?.detector ?? "";
  const taps = Array.from({ length: LAYERS }, (_, layer) => SUBLAYERS.map((name) => `${layer}.${name}`)).flat();
  const fired = positions.findIndex(({ position }) => position === last);
  const values = taps.map((_, row) => positions.map((_position, column) => wave(row / 4, column - fired)));
  return {
    version: 1,
    traceId: trace.head.id,
    madeAt: trace.head.createdAt + 4_000,
    tookMs: 1_840,
    model: trace.head.model,
    positions,
    firing: { position: last, detector },
    taps,
    pictures: [{ detector, unit: "log-odds", lens: text ?? "tuned", values, liveTaps: ["23.attn_out"], threshold: 5 }],
    layers: taps.map((tap, row) => layerOf(tap, row, text)),
    contributions: [
      {
        detector: text ?? "deception-lie",
        tap: "17.resid_post",
        bias: -1.2,
        values: positions.map((_, column) => (column < 5 ? null : 0.6 * Math.sin(column * 1.7) * (column / 60))),
      },
    ],
    reread: [
      { detector, position: last, live: 5.62, score: 5.6, threshold: 5, difference: -0.02, reproduced: true },
      {
        detector: text ?? "audit-approval",
        position: last,
        live: -5,
        score: -5.01,
        threshold: 4,
        difference: -0.01,
        reproduced: null,
      },
    ],
    continuation: null,
    ...changes,
  };
}

/** Rises with depth and towards the firing token, strongest a little before the last layer. */
function wave(layer: number, column: number): number {
  const depth = Math.exp(-(((layer - 23) / 6) ** 2));
  const near = Math.exp(-((column / 2.2) ** 2));
  const topic = 0.35 * Math.exp(-(((column + 11) / 2) ** 2));
  return -4 + 10 * depth * (near + topic) + 0.6 * Math.sin(layer * 1.3 + column * 0.9);
}

function layerOf(tap: string, row: number, text: string | undefined) {
  const sharp = Math.min(0.6, 0.05 + row / 250);
  const byProbability = TOPS.map((own, id) => ({ id, text: text ?? own, probability: sharp / (id + 1) ** 1.4 }));
  const byLift = tap.endsWith("resid_post")
    ? byProbability.map((one, index) => ({ ...one, lift: 9 / (index + 1), percentile: 99.9 - index }))
    : null;
  return { tap, byProbability, byLift };
}

/** What a probe of three taps leaves: a picture of its own taps alone, and what each of them moved. */
export function probeChanges(trace: Trace, detector: string): Partial<Enrichment> {
  const { taps, positions } = madeEnrichment(trace);
  const liveTaps = ["4.mlp_out", "17.mlp_out", "23.mlp_out", "29.attn_out"];
  const values = taps.map((tap) => positions.map((_, column) => (liveTaps.includes(tap) ? Math.sin(column) : null)));
  const reread = madeEnrichment(trace).reread.map((each, index) => (index === 0 ? each : { ...each, live: 4.2 }));
  return {
    reread,
    pictures: [{ detector, unit: "score", lens: "none", values, liveTaps, threshold: null }],
    contributions: liveTaps.map((tap, index) => ({
      detector,
      tap,
      bias: -0.2,
      values: positions.map((_, column) => (column < 3 ? null : index * 0.1)),
    })),
  };
}

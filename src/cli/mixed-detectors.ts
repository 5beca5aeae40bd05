import { patternKind } from "../detect/kinds/pattern.ts";
import type { LoadedDetector } from "../detect/loader.ts";
import { isProbeRead, type ProbeRead } from "../lens/reading.ts";
import { formatTap, type Tap } from "../lens/tap.ts";

/** What a mixture is made from. */
export interface MixtureParts {
  /** The configured detectors: those of each kind take turns. */
  readonly detectors: readonly LoadedDetector[];
  readonly layers: number;
  readonly hidden: number;
}

const CONCEPTS = 8;
const PROBES = 8;
const PATTERNS = 4;
const PROBE_TAPS = 6;
// Concepts lie at the taps that say most: attention outputs and block outputs of the upper half.
const CONCEPT_DEPTHS = [0.55, 0.65, 0.8, 0.9];
const CONCEPT_POINTS = ["attn_out", "resid_post"] as const;

/**
 * Twenty detectors of mixed kinds: eight concepts over eight taps, eight probes and four patterns. What is configured is copied;
 * where no probe or pattern is, made-up ones stand in: random directions at six taps each, and four expressions.
 */
export function mixDetectors({ detectors, layers, hidden }: MixtureParts): LoadedDetector[] {
  const concepts = detectors.filter(({ reads }) => reads.length > 0 && !reads.some(isProbeRead));
  const probes = detectors.filter(({ reads }) => reads.length > 0 && reads.every(isProbeRead));
  const patterns = detectors.filter(({ kind }) => kind === patternKind.name);
  const at = (index: number): Tap => ({
    layer: Math.round((CONCEPT_DEPTHS[Math.floor(index / 2)] ?? 1) * (layers - 1)),
    point: CONCEPT_POINTS[index % 2] ?? "resid_post",
  });
  return [
    ...copies(concepts, CONCEPTS).map((copy, index) => moveTo(copy, at(index), `concept-${index}`)),
    ...take(probes, PROBES, (index) => madeProbe(index, { layers, hidden })),
    ...take(patterns, PATTERNS, madePattern),
  ];
}

function copies(detectors: readonly LoadedDetector[], count: number): LoadedDetector[] {
  return Array.from({ length: count }, (_, index) => detectors[index % detectors.length]).filter(
    (each) => each !== undefined,
  );
}

function take(
  own: readonly LoadedDetector[],
  count: number,
  make: (index: number) => LoadedDetector,
): LoadedDetector[] {
  if (own.length === 0) return Array.from({ length: count }, (_, index) => make(index));
  return copies(own, count).map((copy, index) => ({ ...copy, id: `${copy.kind}-${index}` }));
}

/** The same words at another tap, against the background as most are. */
function moveTo(detector: LoadedDetector, tap: Tap, id: string): LoadedDetector {
  return { ...detector, id, reads: detector.reads.map((read) => (isProbeRead(read) ? read : { ...read, tap })) };
}

function madeProbe(index: number, { layers, hidden }: { layers: number; hidden: number }): LoadedDetector {
  const points = ["attn_out", "resid_post", "mlp_out"] as const;
  const taps = Array.from({ length: PROBE_TAPS }, (_, tap) => ({
    layer: Math.min(layers - 1, Math.round(((tap + 2) / (PROBE_TAPS + 2)) * (layers - 1))),
    point: points[(tap + index) % points.length] ?? "resid_post",
  }));
  const directions = Float32Array.from({ length: taps.length * hidden }, (_, at) => Math.sin(at * 1.7 + index)); // [taps, hidden]
  const read: ProbeRead = { taps, directions, bias: 0 };
  return made("probe", index, { reads: [read], resolved: { taps: taps.map(formatTap), sha256: "" } });
}

function madePattern(index: number): LoadedDetector {
  const patterns = [{ source: `\\b(card|account|key) ?${index}[0-9 -]{11,18}\\b`, name: "number", flags: "i" }];
  return made("pattern", index, { reads: [], resolved: { patterns } });
}

function made(kind: string, index: number, parts: Pick<LoadedDetector, "reads" | "resolved">): LoadedDetector {
  return {
    ...parts,
    id: `${kind}-${index}`,
    hash: "",
    kind,
    description: "made up for a measurement",
    aggregate: { type: "max", window: 1 },
    threshold: 1e6,
    abortThreshold: 1e6,
    positions: "both",
    notes: [],
    calibrated: false,
    calibration: { status: "uncalibrated", note: "made up for a measurement" },
  };
}

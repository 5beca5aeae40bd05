import { decide } from "../decide/decision.ts";
import type { FiredFinding } from "../detect/finding.ts";
import { readTopTokens } from "../lens/top-tokens.ts";
import type { ForwardResult } from "../model/forward.ts";
import type { ActiveRun } from "./active-run.ts";
import type { FlagEvidence, LensTop } from "./engine.ts";
import type { WorkerParts } from "./worker-parts.ts";

const LENS_TOKENS = 10;
const LENS_TAPS = 8;

/** A firing and the forward result it was read from, at its row. */
export interface Firing {
  readonly finding: FiredFinding;
  readonly judged: { readonly result: ForwardResult; readonly row: number };
}

/** The first firing of a detector that is more than observed becomes evidence. Throws when the lens cannot be read, after the flag is out. */
export async function raiseFlag(parts: WorkerParts, run: ActiveRun, { finding, judged }: Firing): Promise<void> {
  const decision = decide(run.policy, [finding]);
  if (decision.action === "observe" || decision.action === "continue" || run.flagged.has(finding.detector)) return;
  run.flagged.add(finding.detector);
  const detectors = Object.keys(run.policy.detectors);
  const evidence: Omit<FlagEvidence, "lens"> = {
    finding,
    decision,
    detectors,
    thresholds: detectors.map(parts.thresholdOf),
    live: [...run.live],
    generated: [...run.generated],
    released: run.gate.released,
  };
  let lens: readonly LensTop[] = [];
  try {
    lens = await readLens(parts, finding, judged);
  } finally {
    // A lens that breaks fails the run, but the finding is on record first.
    run.emit({ type: "flag-raised", evidence: { ...evidence, lens } });
  }
}

/** The lens of the taps that the detector reads, the strongest one first. */
async function readLens(
  parts: WorkerParts,
  finding: FiredFinding,
  { result, row }: Firing["judged"],
): Promise<LensTop[]> {
  const { taps } = parts.forward.plan;
  const strongest = finding.tap === undefined ? [] : [finding.tap];
  // A kind may name a tap that it does not read: there is no row of it.
  const read = [...strongest, ...parts.tapsOf(finding.detector)].filter((tap) => taps.includes(tap));
  const shown = [...new Set(read)].slice(0, LENS_TAPS);
  if (shown.length === 0) return [];
  const rows = new Float32Array(shown.length * parts.hidden); // [taps, hidden]
  shown.forEach((tap, index) => {
    const from = (row * taps.length + taps.indexOf(tap)) * parts.hidden;
    rows.set(result.tapRows.subarray(from, from + parts.hidden), index * parts.hidden);
  });
  const tops = await readTopTokens(parts.lensHead, rows, { hidden: parts.hidden, count: LENS_TOKENS });
  return shown.map((tap, index) => ({
    tap,
    top: (tops[index] ?? []).map(({ id, probability }) => ({ id, text: parts.textOf(id), probability })),
  }));
}

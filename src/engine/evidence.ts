import { decide, isStricterThan } from "../decide/decision.ts";
import { membersOf, scoredNames, type Policy } from "../decide/policy.ts";
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

/**
 * The first firing of a detector that is more than observed becomes evidence, and a later one that is acted on more strictly.
 * Throws when the lens cannot be read, after the flag is out.
 */
export async function raiseFlag(parts: WorkerParts, run: ActiveRun, { finding, judged }: Firing): Promise<void> {
  const decision = decide(run.policy, [finding]);
  const before = run.flagged.get(finding.detector) ?? { action: "observe" };
  if (!isStricterThan(decision, before)) return;
  run.flagged.set(finding.detector, decision);
  const detectors = scoredNames(run.policy);
  const evidence: Omit<FlagEvidence, "lens"> = {
    finding,
    decision,
    detectors,
    thresholds: detectors.map((name) => thresholdOf(parts, run.policy, name)),
    live: [...run.live],
    generated: [...run.generated],
    released: run.gate.released,
  };
  let lens: readonly LensTop[] = [];
  try {
    const read = membersOf(run.policy, finding.detector).flatMap(parts.tapsOf);
    lens = await readLens(parts, [...(finding.tap === undefined ? [] : [finding.tap]), ...read], judged);
  } finally {
    // A lens that breaks fails the run, but the finding is on record first.
    run.emit({ type: "flag-raised", evidence: { ...evidence, lens } });
  }
}

/** The score at which a detector or a combination fires. */
function thresholdOf(parts: WorkerParts, { combine = {} }: Policy, name: string): number | null {
  return (Object.hasOwn(combine, name) ? combine[name]?.threshold : undefined) ?? parts.thresholdOf(name);
}

/** The lens of the taps that the detector reads, the strongest one first. */
async function readLens(
  parts: WorkerParts,
  wanted: readonly string[],
  { result, row }: Firing["judged"],
): Promise<LensTop[]> {
  const { taps } = parts.forward.plan;
  // A kind may name a tap that it does not read: there is no row of it.
  const shown = [...new Set(wanted.filter((tap) => taps.includes(tap)))].slice(0, LENS_TAPS);
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

import type { EndReason, FlagEvidence, LensTop } from "../engine/engine.ts";
import type { NamedShare, Phase } from "../detect/finding.ts";
import { TAP_NAME } from "../lens/tap.ts";
import type { Trace, TraceHead } from "../trace/trace.ts";

/** One generated token and what became of it. */
export interface ReplyToken {
  readonly text: string;
  /** Absolute position; null when the length of the prompt is unknown (a process that died before the prompt was judged). */
  readonly position: number | null;
  /** Whether it had left the gateway. */
  readonly released: boolean;
  /** Detectors that fired while this token was read. */
  readonly fired: readonly string[];
}

/** The live scores of one detector. `scores[n]` belongs to `positions[n]` of the strip; null: not judged there. */
export interface HeatRow {
  readonly detector: string;
  readonly scores: readonly (number | null)[];
  readonly threshold: number | null;
  /** The scores at which the colour is faintest and strongest. */
  readonly low: number;
  readonly high: number;
}

/** The last positions before a firing, at most 64, the firing one last. */
export interface HeatStrip {
  readonly positions: readonly { readonly position: number; readonly text: string }[];
  readonly rows: readonly HeatRow[];
}

/** Why a trace was flagged: one finding and what the live run knew of it. */
export interface Firing {
  readonly detector: string;
  readonly verdict: "fired" | "error";
  readonly action: string;
  readonly rule: string | null;
  readonly position: number;
  readonly phase: Phase | null;
  readonly tap: string | null;
  /** Text of the token that was read there. */
  readonly token: string | null;
  readonly score: number | null;
  readonly raw: number | null;
  readonly threshold: number | null;
  /** What it had in mind, strongest first. */
  readonly names: readonly NamedShare[];
  /** The taps that add most to the score of a probe, strongest first. */
  readonly taps: readonly NamedShare[];
  /** What broke, for an error. */
  readonly error: string | null;
  /** Tokens released before this finding. */
  readonly released: number;
  readonly lens: readonly LensTop[];
  readonly strip: HeatStrip;
}

/** A trace as the review page and the terminal show it. Plain data, texts as the model wrote them: escape when showing. */
export interface TraceView {
  readonly head: TraceHead;
  readonly state: Trace["state"];
  readonly endReason: EndReason | null;
  readonly firings: readonly Firing[];
  readonly reply: {
    readonly tokens: readonly ReplyToken[];
    readonly released: number;
    /** Why what follows the released tokens never left: the run goes on, policy stopped it, the text had ended (end token, stop string), or something cut it off. */
    readonly unsent: "held" | "stopped" | "ended" | "cut off";
    /** False when the end of the run is unknown: then `released` and `tokens` are what was known at the last finding. */
    readonly certain: boolean;
  };
}

/** Turns a trace into what a reviewer looks at. */
export function viewTrace(trace: Trace): TraceView {
  const firings = trace.evidence.map(viewFiring);
  return {
    head: trace.head,
    state: trace.state,
    endReason: trace.end?.reason ?? null,
    firings,
    reply: viewReply(trace, firings),
  };
}

function viewReply(trace: Trace, firings: readonly Firing[]): TraceView["reply"] {
  const last = trace.evidence.at(-1);
  const generated = trace.end?.generated ?? last?.generated ?? [];
  const released = Math.min(generated.length, trace.end?.releasedTokens ?? last?.released ?? 0);
  const first = trace.end?.promptTokens ?? trace.head.promptTokens ?? null;
  const tokens = generated.map(({ text }, index) => {
    const position = first === null ? null : first + index;
    const fired = firings.filter((firing) => firing.position === position).map(({ detector }) => detector);
    return { text, position, released: index < released, fired: [...new Set(fired)] };
  });
  return { tokens, released, unsent: unsentBecause(trace), certain: trace.end !== null };
}

function unsentBecause({ state, end }: Trace): TraceView["reply"]["unsent"] {
  if (state === "open") return "held";
  const reason = end?.reason;
  if (reason === "abort" || reason === "unavailable") return "stopped";
  return reason === "stop" || reason === "length" ? "ended" : "cut off";
}

function viewFiring(evidence: FlagEvidence): Firing {
  const { finding, decision, released, lens } = evidence;
  const fired = finding.verdict === "fired" ? finding : undefined;
  return {
    detector: finding.detector,
    verdict: finding.verdict,
    action: decision.action,
    rule: decision.rule ?? null,
    position: finding.position,
    phase: fired?.phase ?? null,
    tap: fired?.tap ?? null,
    token: fired?.token.text ?? evidence.live.at(-1)?.text ?? null,
    score: fired?.score ?? null,
    raw: fired?.raw ?? null,
    threshold: fired?.threshold ?? null,
    names: (fired?.names ?? []).filter((each) => !isTap(each)),
    taps: (fired?.names ?? []).filter(isTap),
    error: finding.verdict === "error" ? `${finding.errorType}: ${finding.message}` : null,
    released,
    lens,
    strip: viewStrip(evidence),
  };
}

/** A probe has no words: it names taps. */
export function isTap({ name }: NamedShare): boolean {
  return TAP_NAME.test(name);
}

function viewStrip(evidence: FlagEvidence): HeatStrip {
  const { finding, live } = evidence;
  const rows = evidence.detectors.map((detector, column) => {
    const own = finding.verdict === "fired" && finding.detector === detector ? finding.threshold : null;
    const threshold = evidence.thresholds?.[column] ?? own;
    const scores = live.map((entry) => entry.scores[column] ?? null);
    return { detector, scores, threshold, ...rangeOf(scores, threshold) };
  });
  return { positions: live.map(({ position, text }) => ({ position, text })), rows };
}

/** Faintest at the lowest score, strongest at the threshold or above; without a threshold, at the highest score. */
function rangeOf(scores: readonly (number | null)[], threshold: number | null): { low: number; high: number } {
  const known = scores.filter((score) => score !== null);
  const low = Math.min(...known, threshold ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(low)) return { low: 0, high: 1 };
  const high = threshold ?? Math.max(...known);
  return { low: Math.min(low, high - 1), high };
}

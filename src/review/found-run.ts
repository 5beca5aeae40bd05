import { joinReason, type ItemStage, type ItemState, type JoinReason, type QueuedItem } from "../queue/queue.ts";
import { stricter } from "../decide/decision.ts";
import type { Decision } from "../decide/policy.ts";
import type { EndReason } from "../engine/engine.ts";
import type { FoundScoreRow, Verdict } from "../trace/stores.ts";
import type { ScoreRow, Trace } from "../trace/trace.ts";

/** What one detector said of a run. */
export interface FoundDetector {
  readonly detector: string;
  readonly verdict: "clear" | "fired" | "error" | "not_judged";
  /** The largest over the reply, in the detector's own unit; null when no position was judged. */
  readonly score: number | null;
  readonly position: number | null;
  /** The strictest thing that was done about it; null where no trace says so. */
  readonly action: string | null;
}

/** The review item of a run, and the verdict that it was decided with. */
export interface FoundItem {
  readonly traceId: string;
  readonly state: ItemState;
  readonly stage: ItemStage;
  /** Why it is another trace's: the run is `alike`, or one of a `flood` with other texts. Null for its own. */
  readonly joined: JoinReason | null;
  /** Of the item; null while it is not decided. About a flood's item alone, not about what joined it. */
  readonly verdict: Verdict | null;
}

/** One run of a request, without any text. What is not known is null. Times in milliseconds since 1970. */
export interface FoundRun {
  readonly traceId: string | null;
  readonly requestId: string | null;
  /** Whose score row it is. */
  readonly gateway: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly model: string | null;
  readonly policy: string | null;
  readonly flagged: boolean | null;
  /** The strictest action of the run, where a trace says so. */
  readonly action: string | null;
  /** `open`: a flagged run whose end is not written yet; `interrupted`: its gateway died before the end. */
  readonly ending: EndReason | "open" | "interrupted" | null;
  readonly tokens: {
    readonly prompt: number | null;
    readonly generated: number | null;
    readonly released: number | null;
    readonly allowed: number | null;
  };
  readonly detectors: readonly FoundDetector[];
  /** The trace: `elsewhere` is on another gateway's disk, if it still is; `none` was kept, or it has run out. */
  readonly record: "kept" | "deleted" | "elsewhere" | "none";
  /** The review item that it belongs to. */
  readonly item: FoundItem | null;
  /** Whether what would tell why an item is there is left out, since its reader still judges it blind. */
  readonly hidden: boolean;
}

/** A run by its score row, its trace, or both. */
export interface RunSource {
  readonly traceId: string | null;
  readonly found?: FoundScoreRow;
}

/** What is known of one run. */
export interface KnownRun extends RunSource {
  readonly trace: Trace | undefined;
  readonly item: QueuedItem | undefined;
  /** The verdict that stands on the item. */
  readonly verdict?: Verdict | undefined;
  readonly isErased: boolean;
}

/** Whether a run was flagged or drawn: most requests leave a row and nothing else. */
export function leftTrace({ flagged, sampling }: ScoreRow): boolean {
  return flagged || (sampling?.drawn ?? null) !== null;
}

/** Takes off what tells why an item is there: a reply that was flagged and one that was drawn look the same, whatever became of them. */
export function hideRun(run: FoundRun): FoundRun {
  const { traceId, item, tokens } = run;
  return {
    ...run,
    gateway: null,
    endedAt: null,
    flagged: null,
    action: null,
    ending: null,
    tokens: { prompt: null, generated: null, released: null, allowed: tokens.allowed },
    detectors: [],
    // What joined an item was flagged.
    item: item === null ? null : { ...item, traceId: traceId ?? item.traceId, joined: null, verdict: null },
    hidden: true,
  };
}

/** What is known of a run as one view. `gatewayId` is the gateway that is asked. */
export function toRun(known: KnownRun, gatewayId: string): FoundRun {
  const { traceId, found, trace, item } = known;
  const row = found?.row;
  const { head, end } = trace ?? {};
  return {
    traceId,
    requestId: row?.requestId ?? head?.requestId ?? null,
    gateway: found === undefined ? null : (found.origin ?? gatewayId),
    startedAt: head?.createdAt ?? item?.createdAt ?? null,
    endedAt: row?.createdAt ?? end?.endedAt ?? null,
    model: row?.model ?? head?.model.name ?? item?.model ?? null,
    policy: row?.policy ?? head?.policy ?? null,
    flagged: row?.flagged ?? (trace === undefined ? null : trace.sample === null),
    action: end?.decision.action ?? strictest(trace?.evidence ?? []),
    ending: row?.reason ?? end?.reason ?? (trace?.state === "complete" ? null : (trace?.state ?? null)),
    tokens: {
      prompt: row?.promptTokens ?? end?.promptTokens ?? head?.promptTokens ?? null,
      generated: row?.generatedTokens ?? end?.generated.length ?? null,
      released: end?.releasedTokens ?? null,
      allowed: row?.maxTokens ?? head?.maxTokens ?? null,
    },
    detectors: detectorsOf(row, trace),
    record: recordOf(known),
    item: itemOf(known),
    hidden: false,
  };
}

function itemOf({ traceId, item, verdict }: KnownRun): FoundItem | null {
  if (item === undefined) return null;
  const joined = traceId === null ? null : joinReason(item, traceId);
  const said = item.state === "decided" ? (verdict ?? null) : null;
  return { traceId: item.traceId, state: item.state, stage: item.stage, joined, verdict: said };
}

function recordOf({ found, trace, isErased }: KnownRun): FoundRun["record"] {
  if (isErased) return "deleted";
  if (trace !== undefined) return "kept";
  return found !== undefined && found.origin !== null && leftTrace(found.row) ? "elsewhere" : "none";
}

/** The scores of the whole run; where it has not ended, of the findings that there are. */
function detectorsOf(row: ScoreRow | undefined, trace: Trace | undefined): FoundDetector[] {
  const evidence = trace?.evidence ?? [];
  const actionOf = (name: string) => strictest(evidence.filter(({ finding }) => finding.detector === name));
  const scores = row?.scores ?? trace?.end?.scores;
  if (scores !== undefined)
    return scores.map(({ detector, score, position, fired, error }) => ({
      detector,
      verdict: error !== null ? "error" : fired ? "fired" : score === null ? "not_judged" : "clear",
      score,
      position,
      action: actionOf(detector),
    }));
  const last = new Map(evidence.map(({ finding }) => [finding.detector, finding]));
  return [...last.values()].map((finding) => ({
    detector: finding.detector,
    verdict: finding.verdict,
    score: finding.verdict === "error" ? null : finding.score,
    position: finding.position,
    action: actionOf(finding.detector),
  }));
}

function strictest(evidence: Trace["evidence"]): Decision["action"] | null {
  const [first, ...rest] = evidence.map(({ decision }) => decision);
  return first === undefined ? null : rest.reduce(stricter, first).action;
}

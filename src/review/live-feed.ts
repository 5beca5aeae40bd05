import type { FlagEvidence, RunEnd, RunEvent } from "../engine/engine.ts";

/** A request that runs, as an operator may see it: no text. */
export interface LiveRequest {
  readonly traceId: string;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly operation: string;
  readonly model: string;
  readonly policy: string;
  readonly mode: string;
  readonly keyId: string | null;
  readonly promptTokens: number;
}

/** Why it is flagged. Score and threshold are null for a detector that broke. */
export interface LiveFlag {
  readonly detector: string;
  readonly action: string;
  readonly position: number;
  readonly score: number | null;
  readonly threshold: number | null;
}

/** How far a request is. */
export interface LiveState extends LiveRequest {
  /** Whether the prompt was judged, so that the reply is written. */
  readonly writing: boolean;
  readonly releasedTokens: number;
  readonly flags: readonly LiveFlag[];
}

/** A request that ended before it ran. */
export interface LiveRefusal {
  readonly requestId: string;
  readonly operation: string;
  readonly keyId: string | null;
  readonly code: string;
}

/** What watchers are told. `at` is milliseconds since 1970. */
export type LiveEvent = { readonly at: number } & (
  | { readonly type: "snapshot"; readonly live: readonly LiveState[] }
  | { readonly type: "started"; readonly request: LiveRequest }
  | {
      readonly type: "progress";
      readonly live: readonly Pick<LiveState, "traceId" | "writing" | "releasedTokens">[];
    }
  | { readonly type: "flagged"; readonly traceId: string; readonly flag: LiveFlag }
  | {
      readonly type: "ended";
      readonly traceId: string;
      readonly reason: RunEnd["reason"] | "broke";
      readonly action: string;
      readonly durationMs: number;
      readonly promptTokens: number;
      readonly releasedTokens: number;
      /** The largest score of each detector over the reply. */
      readonly scores: readonly { readonly detector: string; readonly score: number | null; readonly fired: boolean }[];
    }
  | ({ readonly type: "refused" } & LiveRefusal)
);

type Ended = LiveEvent & { readonly type: "ended" };

/** Everything that runs, told to whoever listens. Costs next to nothing while nobody does. */
export interface LiveFeed {
  started(request: Omit<LiveRequest, "startedAt">): void;
  saw(traceId: string, event: RunEvent): void;
  /** A run threw instead of ending. */
  broke(traceId: string): void;
  refused(refusal: LiveRefusal): void;
  /** What runs now. */
  snapshot(): LiveEvent;
  /** Calls `listener` with what comes from now on, until the returned function is called. One that throws is dropped. */
  listen(listener: (event: LiveEvent) => void): () => void;
}

/** A feed. Token counts come at most every `progressMs`. */
export function createLiveFeed({ clock = Date.now, progressMs = 250 } = {}): LiveFeed {
  const live = new Map<string, LiveState>();
  const audience = createAudience();
  const { tell } = audience;
  const progress = createProgress({ live, audience, clock, progressMs });

  function end(traceId: string, how: Pick<Ended, "reason" | "action" | "scores">): void {
    const state = live.get(traceId);
    if (state === undefined) return;
    live.delete(traceId);
    const { startedAt, promptTokens, releasedTokens } = state;
    const at = clock();
    tell({ at, type: "ended", traceId, ...how, durationMs: at - startedAt, promptTokens, releasedTokens });
  }

  return {
    started(given) {
      const request = { ...given, startedAt: clock() };
      live.set(request.traceId, { ...request, writing: false, releasedTokens: 0, flags: [] });
      tell({ at: request.startedAt, type: "started", request });
    },
    saw(traceId, event) {
      const state = live.get(traceId);
      if (state === undefined) return;
      live.set(traceId, { ...state, ...changesOf(state, event) });
      if (event.type === "flag-raised") tell({ at: clock(), type: "flagged", traceId, flag: toFlag(event.evidence) });
      else if (event.type === "run-ended")
        end(traceId, { reason: event.reason, action: event.decision.action, scores: event.scores.map(pickScore) });
      else progress(traceId);
    },
    broke: (traceId) => end(traceId, { reason: "broke", action: "unavailable", scores: [] }),
    refused: (refusal) => tell({ at: clock(), type: "refused", ...refusal }),
    snapshot: () => ({ at: clock(), type: "snapshot", live: [...live.values()] }),
    listen: audience.listen,
  };
}

function changesOf(state: LiveState, event: RunEvent): Partial<LiveState> {
  switch (event.type) {
    case "prompt-judged":
      return { writing: true, promptTokens: event.promptTokens };
    case "tokens-released":
      return { releasedTokens: state.releasedTokens + event.tokens.length };
    case "flag-raised":
      return { flags: [...state.flags, toFlag(event.evidence)] };
    case "run-ended":
      return { releasedTokens: event.releasedTokens };
  }
}

interface Audience {
  readonly isEmpty: () => boolean;
  readonly tell: (event: LiveEvent) => void;
  readonly listen: LiveFeed["listen"];
}

function createAudience(): Audience {
  const listeners = new Set<(event: LiveEvent) => void>();
  return {
    isEmpty: () => listeners.size === 0,
    tell(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Gathers the requests that moved, and tells them together a little later. */
function createProgress(parts: {
  readonly live: ReadonlyMap<string, LiveState>;
  readonly audience: Audience;
  readonly clock: () => number;
  readonly progressMs: number;
}): (traceId: string) => void {
  const { live, audience, clock, progressMs } = parts;
  const moved = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function tellAll(): void {
    timer = undefined;
    // Those that ended meanwhile have told so.
    const rows = [...moved].flatMap((id) => live.get(id) ?? []).map(pickProgress);
    moved.clear();
    if (rows.length > 0) audience.tell({ at: clock(), type: "progress", live: rows });
  }

  return (traceId) => {
    if (audience.isEmpty()) return;
    moved.add(traceId);
    timer ??= setTimeout(tellAll, progressMs).unref();
  };
}

function pickProgress({ traceId, writing, releasedTokens }: LiveState) {
  return { traceId, writing, releasedTokens };
}

function pickScore({ detector, score, fired }: RunEnd["scores"][number]) {
  return { detector, score, fired };
}

function toFlag({ finding, decision }: FlagEvidence): LiveFlag {
  const { detector, position } = finding;
  const fired = finding.verdict === "fired" ? finding : { score: null, threshold: null };
  return { detector, position, action: decision.action, score: fired.score, threshold: fired.threshold };
}

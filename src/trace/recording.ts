import type { DetectorScore } from "../detect/finding.ts";
import { bareEnd } from "../engine/bare-end.ts";
import type { FlagEvidence, Run, RunEnd, RunEvent } from "../engine/engine.ts";
import type { Logger } from "../log.ts";
import type { Backlog } from "./backlog.ts";
import type { Redaction } from "./redaction.ts";
import type { Sampler } from "./sampling.ts";
import type { ScoreLog, TraceStore } from "./stores.ts";
import type { ScoreRow, TraceHead } from "./trace.ts";
import type { Closing } from "./trace-store.ts";
import { createTraceWriter, type TraceWriter } from "./trace-writer.ts";

interface RecordingParts {
  readonly run: Run;
  readonly head: TraceHead;
  readonly traces: TraceStore;
  readonly scores: ScoreLog;
  /** Draws replies that nothing flagged; none is drawn without it. */
  readonly sampler?: Sampler | undefined;
  /** Takes out what is not to be stored; everything is stored without it. */
  readonly redaction?: Redaction | undefined;
  /** Queues a closed trace; does not throw. */
  readonly enqueue: (traceId: string) => Promise<unknown>;
  /** Closes a flagged trace, writes its score row and queues it, all or nothing. */
  readonly closeAtOnce?: ((closing: Closing, row: ScoreRow) => Promise<void>) | undefined;
  /** Whether one more run may be flagged. */
  readonly admit: () => boolean;
  /** Writes of traces that failed. */
  readonly backlog: Backlog;
  /** Writes of score rows that failed. */
  readonly scoreBacklog: Backlog;
  readonly log: Pick<Logger, "error">;
  readonly clock: () => number;
}

/** One run being recorded. */
interface Recording {
  next(): Promise<IteratorResult<RunEvent, undefined>>;
  /** Cancels, and resolves when the rest of the run is recorded. */
  leave(): Promise<void>;
}

/** Records one run, event by event, in the order in which they are asked for. */
export function startRecording(parts: RecordingParts): Recording {
  const { run, head } = parts;
  const take = eventTaker(parts);
  const writer = createTraceWriter(parts, head);
  const flags = createFlags(parts, writer);
  let state: "running" | "failed" | "ended" = "running";
  let left = false;
  let released = 0;
  /** The next event to pass on; after a failed write that is the end alone. */
  async function advance(): Promise<RunEvent | undefined> {
    while (state !== "ended") {
      const event = await take();
      if (event.type === "run-ended") {
        const end = state === "failed" ? unavailable(event, released) : event;
        state = "ended";
        await finish(parts, { writer, end, left, refused: flags.refused() });
        return end;
      }
      if (event.type === "prompt-judged") writer.learnPrompt(event.promptTokens);
      if (event.type === "flag-raised" && !(await flags.raise(event.evidence))) {
        state = "failed";
        run.cancel();
      }
      if (state === "failed") continue;
      if (event.type === "tokens-released") released += event.tokens.length;
      return event;
    }
    return undefined;
  }

  const advanceInTurn = inTurn(advance);
  return {
    async next() {
      const event = await advanceInTurn();
      return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
    },
    async leave() {
      if (state === "ended") return;
      left = true;
      run.cancel();
      while ((await advanceInTurn()) !== undefined);
    },
  };
}

/** Writes what is raised, where there is room. `raise` says whether the run may go on. */
function createFlags({ admit, log, head }: RecordingParts, writer: TraceWriter) {
  let refused = false;
  return {
    async raise(evidence: FlagEvidence): Promise<boolean> {
      refused ||= !writer.flagged() && !admit();
      if (refused) {
        log.error({ traceId: head.id }, "there is no room for another flagged generation, so it is stopped");
        return false;
      }
      try {
        await writer.save(evidence);
        return true;
      } catch (error) {
        log.error({ err: error, traceId: head.id }, "a flagged generation could not be recorded, so it is stopped");
        return false;
      }
    },
    refused: () => refused,
  };
}

/** Lets calls that come at once run one after the other. */
function inTurn<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}

/** The events of a run; one that throws or stops without an end is made to end as `failed`. */
function eventTaker({ run, head, log }: RecordingParts): () => Promise<RunEvent> {
  const events = run[Symbol.asyncIterator]();
  const released: { id: number; text: string }[] = [];
  let promptTokens = head.promptTokens ?? 0;

  return async () => {
    try {
      const result: IteratorResult<RunEvent, unknown> = await events.next();
      if (result.done !== true) {
        const event = result.value;
        if (event.type === "prompt-judged") promptTokens = event.promptTokens;
        if (event.type === "tokens-released") released.push(...event.tokens.map(({ id, text }) => ({ id, text })));
        return event;
      }
      log.error({ requestId: head.requestId }, "a run stopped without an end");
    } catch (error) {
      log.error({ err: error, requestId: head.requestId }, "a run broke");
    }
    return bareEnd({ reason: "failed", decision: { action: "continue" }, promptTokens, generated: [...released] });
  };
}

interface Finish {
  readonly writer: TraceWriter;
  readonly end: RunEnd;
  readonly left: boolean;
  /** It was flagged, and there was no room to record it. */
  readonly refused: boolean;
}

/** Closes and queues the trace when there is one, or a sampled one is made, and writes the score row. What fails waits in the backlog. */
async function finish(parts: RecordingParts, { writer, end, left, refused }: Finish): Promise<void> {
  const { head, backlog } = parts;
  const endedAt = parts.clock();
  const flagged = writer.flagged() || refused;
  // A full outbox takes nothing that nobody asked for.
  const sampler = flagged || parts.admit() ? parts.sampler : undefined;
  const draw = sampler?.draw({ policy: head.policy, reason: end.reason, flagged, scores: end.scores });
  const sample = draw?.sample ?? null;
  const row: ScoreRow = {
    requestId: head.requestId,
    traceId: head.id,
    createdAt: endedAt,
    policy: head.policy,
    model: head.model.name,
    reason: end.reason,
    flagged,
    promptTokens: end.promptTokens,
    generatedTokens: end.generated.length,
    ...(head.maxTokens === undefined ? {} : { maxTokens: head.maxTokens }),
    scores: end.scores.map(withoutMessage),
    ...(draw === undefined ? {} : { sampling: draw.sampling }),
  };
  const { closeAtOnce } = parts;
  if (closeAtOnce !== undefined && writer.flagged() && sample === null) {
    const write = (closing: Closing) => closeAtOnce(closing, row);
    await backlog.attempt(`close trace ${head.id}`, () => writer.close(end, { endedAt, left, write }));
    return;
  }
  if (writer.flagged() || sample !== null) {
    await backlog.attempt(`close trace ${head.id}`, async () => {
      await (sample === null ? writer.close(end, { endedAt, left }) : writer.addSample(end, { endedAt, sample }));
      await parts.enqueue(head.id);
    });
  }
  await parts.scoreBacklog.attempt(`write the scores of request ${head.requestId}`, () => parts.scores.add(row));
}

/** A score row holds no text, and what a kind throws may quote some: the class of the error stays. */
function withoutMessage(score: DetectorScore): DetectorScore {
  return score.error === null ? score : { ...score, error: score.error.split(":", 1)[0] ?? "" };
}

/** What the consumer is told when the record could not be written: only what was delivered before counts as released. */
function unavailable(end: RunEnd, releasedTokens: number): RunEnd {
  return { ...end, reason: "unavailable", decision: { action: "unavailable", rule: "record" }, releasedTokens };
}

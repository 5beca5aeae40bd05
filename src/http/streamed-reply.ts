import type { RunEnd, RunEvent } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import { endingOf, oversightOf, type Ending } from "./ending.ts";
import { errorBodyOf, sendError, toGatewayError } from "./error-response.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";
import { textOf, usageOf, type ChunkWriter } from "./reply-shape.ts";
import type { ReplyTask } from "./reply-task.ts";

interface Streaming {
  readonly task: ReplyTask;
  readonly stream: EventStream;
  readonly chunks: ChunkWriter;
  /** Sends headers and first chunk, once. */
  readonly open: () => void;
}

/**
 * Sends a run as it goes. Headers leave when the prompt was judged or after `headersAfterMs`; a refusal before is an
 * ordinary error answer, one after is a `data:` line with an error and no `[DONE]`.
 */
export async function sendStreamedReply(task: ReplyTask): Promise<void> {
  const stream = createEventStream(task.response, task.timeouts.heartbeatMs);
  const chunks = task.shape.stream(task.admitted.facts);
  const open = (): void => {
    if (stream.opened) return;
    stream.open();
    const first = chunks.first();
    if (first) stream.send(first);
  };
  const streaming = { task, stream, chunks, open };
  const impatience = setTimeout(open, task.timeouts.headersAfterMs);
  try {
    const ended = await passEvents(streaming);
    if (ended || task.departure.cause() === "client") return;
    fail(
      streaming,
      new GatewayError(task.departure.cause() === "deadline" ? "deadline_exceeded" : "oversight_unavailable"),
    );
  } catch (error) {
    if (task.departure.cause() !== "client") fail(streaming, toGatewayError(error));
  } finally {
    clearTimeout(impatience);
  }
}

/** Whether the run came to its end. */
async function passEvents(streaming: Streaming): Promise<boolean> {
  const { task, stream, open } = streaming;
  let promptJudged = false;
  for await (const event of task.events) {
    if (event.type === "run-ended") {
      task.account.ended(event);
      finish(streaming, event, endingOf(event, { policy: task.admitted.policy, promptJudged }));
      return true;
    }
    if (event.type === "flag-raised") continue;
    promptJudged = true;
    open();
    if (event.type === "tokens-released") sendTokens(streaming, event);
    await stream.drained(task.departure.signal);
  }
  return false;
}

function sendTokens({ task, stream, chunks }: Streaming, { tokens }: RunEvent & { type: "tokens-released" }): void {
  // Tokens that complete no character have nothing to show, but their log-probabilities were asked for.
  const shown = task.admitted.facts.withLogprobs ? tokens.length > 0 : textOf(tokens) !== "";
  const chunk = chunks.tokens(tokens);
  if (!shown) return;
  stream.send(chunk);
  task.account.delivered();
}

function finish(streaming: Streaming, end: RunEnd, ending: Ending): void {
  const { task, stream, chunks, open } = streaming;
  const { facts, head, withDetails } = task.admitted;
  const extra = withDetails ? oversightOf(head.id, end) : {};
  if (ending.kind === "error") {
    fail(streaming, ending.error, extra);
    return;
  }
  open();
  const last = chunks.last(ending.finishReason);
  if (facts.includeUsage) {
    stream.send(last);
    stream.send({ ...chunks.usage(usageOf(end)), ...extra });
  } else stream.send({ ...last, ...extra });
  stream.end({ done: true });
}

function fail({ task, stream }: Streaming, error: GatewayError, extra: object = {}): void {
  const { response, account, timeouts } = task;
  account.failed(error);
  if (!stream.opened) {
    sendError(response, error, { retryAfterMs: timeouts.retryAfterMs, extra });
    return;
  }
  stream.send({ ...errorBodyOf(error), ...extra });
  stream.end({ done: false });
}

import type { ReleasedToken } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import { actionOf, endingOf, oversightOf } from "./ending.ts";
import { sendError } from "./error-response.ts";
import type { ReplyTask } from "./reply-task.ts";
import { usageOf } from "./reply-shape.ts";

/** Collects a run and answers once. Returns without an answer when nobody waits any more. */
export async function sendWholeReply(task: ReplyTask): Promise<void> {
  const { admitted, events, response, account, shape } = task;
  const { retryAfterMs } = task.timeouts;
  const tokens: ReleasedToken[] = [];
  let promptJudged = false;
  for await (const event of events) {
    if (event.type === "prompt-judged") promptJudged = true;
    if (event.type === "tokens-released") tokens.push(...event.tokens);
    if (event.type !== "run-ended") continue;
    account.ended(event);
    const extra = admitted.withDetails ? oversightOf(admitted.head.id, event) : {};
    const action = actionOf(event);
    if (action !== "unavailable") response.setHeader("x-oversight-action", action);
    const ending = endingOf(event, { policy: admitted.policy, promptJudged });
    if (ending.kind === "error") {
      account.failed(ending.error);
      sendError(response, ending.error, { retryAfterMs, extra });
      return;
    }
    if (tokens.length > 0) account.delivered();
    const reply = { tokens, finishReason: ending.finishReason, usage: usageOf(event) };
    response.json({ ...shape.whole(admitted.facts, reply), ...extra });
    return;
  }
  if (task.departure.cause() === undefined) throw new GatewayError("oversight_unavailable");
}

import type { Policy } from "../decide/policy.ts";
import type { RunEnd } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import type { FinishReason } from "./reply-shape.ts";

/** How the end of a run looks to its client. */
export type Ending =
  | { readonly kind: "reply"; readonly finishReason: FinishReason }
  | { readonly kind: "error"; readonly error: GatewayError };

/** What was done, as the client is told; `unavailable` stands only beside an error. */
export type ToldAction = "allow" | "flag" | "abort" | "would_abort" | "unavailable";

/**
 * The client's side of a run's end. An abort before the prompt was judged refuses the prompt; a later one ends the
 * reply where it stands, or is an error when the policy says so.
 */
export function endingOf(end: RunEnd, context: { readonly policy: Policy; readonly promptJudged: boolean }): Ending {
  const { policy, promptJudged } = context;
  switch (end.reason) {
    case "stop":
    case "length":
      return { kind: "reply", finishReason: end.reason };
    case "abort":
      if (promptJudged && policy.onAbort === "finish") return { kind: "reply", finishReason: "content_filter" };
      return failed(new GatewayError("content_filter", `Request blocked by policy '${policy.name}'.`));
    case "deadline":
      return failed(new GatewayError("deadline_exceeded"));
    case "cancelled":
      // The client is still here, so it was not the client who cancelled.
      return failed(new GatewayError("not_ready", "The gateway is shutting down; send the request again."));
    case "unavailable":
    case "failed":
      return failed(new GatewayError("oversight_unavailable"));
  }
}

/** The strictest thing that was done in a run. */
export function actionOf({ decision }: RunEnd): ToldAction {
  return decision.action === "continue" || decision.action === "observe" ? "allow" : decision.action;
}

/** The `oversight` object of a body or a last chunk: no text, no scores. */
export function oversightOf(traceId: string, end: RunEnd): { readonly oversight: object } {
  const detectors = end.scores.filter(({ fired }) => fired).map(({ detector }) => detector);
  return { oversight: { trace_id: traceId, action: actionOf(end), detectors } };
}

function failed(error: GatewayError): Ending {
  return { kind: "error", error };
}

import type { RequestHandler } from "express";
import type { Run } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import { openAccount } from "./account.ts";
import { admit, type Admitted } from "./admission.ts";
import type { Authenticate } from "./authenticator.ts";
import { takeEvents, watchDeparture } from "./departure.ts";
import type { Endpoint } from "./endpoint.ts";
import { sendError, toGatewayError } from "./error-response.ts";
import { watchRun } from "./watched-run.ts";
import type { PublicParts } from "./options.ts";
import { sendStreamedReply } from "./streamed-reply.ts";
import { sendWholeReply } from "./whole-reply.ts";

// The engine keeps the deadline; this much later the gateway stops waiting for the engine.
const BACKSTOP_MS = 2_000;

/** One generating endpoint, from bytes to the end of the reply. */
export function createGenerationHandler(
  parts: PublicParts,
  { endpoint, authenticate }: { readonly endpoint: Endpoint; readonly authenticate: Authenticate },
): RequestHandler {
  const { timeouts } = parts;
  return async function generate(request, response) {
    const account = openAccount(parts, endpoint.operation, response);
    const departure = watchDeparture(request, response, timeouts.totalMs + BACKSTOP_MS);
    try {
      const admitted = await admit(parts, { endpoint, authenticate, account, request, response });
      const { head, run } = admitted;
      account.admitted(head, run.prompt.length);
      if (departure.signal.aborted) return;
      const recorded = parts.record(account.watch(startRun(parts, admitted)), head);
      const events = takeEvents(recorded, departure.signal);
      const task = { admitted, events, response, account, departure, shape: endpoint.reply, timeouts };
      await (admitted.stream ? sendStreamedReply(task) : sendWholeReply(task));
      if (departure.cause() === "deadline" && !response.headersSent) throw new GatewayError("deadline_exceeded");
    } catch (thrown) {
      if (departure.cause() === "client") return;
      const error = toGatewayError(thrown);
      account.failed(error);
      if (response.headersSent) response.destroy();
      else sendError(response, error, timeouts);
    }
  };
}

/** Starts a run with the tokens that it may need reserved; its end pays for those that it used. */
function startRun({ engine }: PublicParts, { run, allowance }: Admitted): Run {
  const reservation = allowance.reserve(run.prompt.length + run.maxTokens);
  try {
    return watchRun(engine.generate(run), {
      see(event) {
        if (event.type === "run-ended") reservation.settle(event.promptTokens + event.releasedTokens);
      },
    });
  } catch (error) {
    reservation.settle(0);
    throw error;
  }
}

import type { Request, Response, Router } from "express";
import { GatewayError } from "../errors.ts";
import type { LiveEvent, LiveFeed } from "./live-feed.ts";

/** What the stream of live requests needs. */
export interface LiveRouteParts {
  readonly live: Pick<LiveFeed, "snapshot" | "listen">;
  /** Who asks, looked up again while the stream is open; undefined without a session. */
  readonly findSession: (request: Request) => { readonly role: "reviewer" | "lead" } | undefined;
  /** Ends the streams when the console closes. */
  readonly closing?: AbortSignal;
  /** How often the session is looked up and a silent stream says that it lives. */
  readonly checkMs?: number;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};
/** Streams that may be open at once. */
const MOST_STREAMS = 20;

/**
 * Declares `GET /api/review/live`: every request as server-sent events, for leads, as long as the session lasts. The scores of
 * what runs would tell a reviewer what a blind item hides.
 */
export function declareLive(router: Router, parts: LiveRouteParts): void {
  const { live, findSession, closing, checkMs = 5_000 } = parts;
  const open = new Set<Response>();
  closing?.addEventListener("abort", () => open.forEach((response) => response.end()));
  const isLead = (request: Request): boolean => findSession(request)?.role === "lead";

  router.get("/api/review/live", (request, response) => {
    if (findSession(request) === undefined) throw new GatewayError("login_required");
    if (!isLead(request)) throw new GatewayError("role_required", "Watching live requests takes a lead.");
    if (open.size >= MOST_STREAMS || closing?.aborted === true)
      throw new GatewayError("overloaded", "Too many watch already; end one.");
    response.writeHead(200, HEADERS);
    // A question for the headers alone must not hold a stream.
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    open.add(response);
    const stop = stream(response, live);
    const check = setInterval(() => {
      if (!isLead(request)) response.end();
      else if (!response.writableNeedDrain) response.write(":\n\n");
    }, checkMs);
    response.once("close", () => {
      clearInterval(check);
      stop();
      open.delete(response);
    });
  });
}

/** Sends what runs, then what happens. What a slow reader misses is made up for by everything that runs then. */
function stream(response: Response, live: LiveRouteParts["live"]): () => void {
  let isBehind = false;
  const send = (event: LiveEvent): void => {
    isBehind ||= response.writableNeedDrain;
    if (!isBehind && !response.writableEnded)
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  response.on("drain", () => {
    if (!isBehind) return;
    isBehind = false;
    send(live.snapshot());
  });
  send(live.snapshot());
  return live.listen(send);
}

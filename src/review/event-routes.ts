import type { Response, Router } from "express";
import { GatewayError } from "../errors.ts";
import type { DeskParts } from "./desk.ts";
import { readSessionCookie } from "./session-cookie.ts";
import type { Sessions } from "./sessions.ts";
import type { ReviewStats } from "./stats-feed.ts";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};
/** Streams that may be open at once. */
const MOST_STREAMS = 200;

/** Declares `GET /api/review/events`: the counts as server-sent events, as long as the session lasts. */
export function declareEvents(router: Router, parts: DeskParts, sessions: Pick<Sessions, "find">): void {
  const { feed, closing } = parts;
  const open = new Set<Response>();
  closing?.addEventListener("abort", () => open.forEach((response) => response.end()));

  router.get("/api/review/events", (request, response) => {
    if (open.size >= MOST_STREAMS || closing?.aborted === true)
      throw new GatewayError("overloaded", "Too many pages listen; close some.");
    const token = readSessionCookie(request) ?? "";
    response.writeHead(200, HEADERS);
    // A question for the headers alone must not hold a stream.
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    response.flushHeaders();
    open.add(response);
    const send = (stats: ReviewStats): void => {
      if (sessions.find(token) === undefined) {
        response.end();
        return;
      }
      // A page that reads nothing must not pile them up.
      if (!response.writableNeedDrain) response.write(`event: stats\ndata: ${JSON.stringify(stats)}\n\n`);
    };
    const stop = feed.listen(send);
    response.once("close", () => {
      stop();
      open.delete(response);
    });
  });
}

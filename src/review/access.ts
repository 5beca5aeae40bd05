import type { RequestHandler, Response } from "express";
import { timingSafeEqual } from "node:crypto";
import { GatewayError } from "../errors.ts";
import { readSessionCookie } from "./session-cookie.ts";
import type { Session, Sessions } from "./sessions.ts";

const SAFE_METHODS = ["GET", "HEAD"];

/** Lets a request on only with a session, and one that changes something only with the session's own token as `x-csrf-token`. */
export function createAccess(sessions: Pick<Sessions, "find">): RequestHandler {
  return function demandSession(request, response, next) {
    const token = readSessionCookie(request);
    const session = token === undefined ? undefined : sessions.find(token);
    if (session === undefined) throw new GatewayError("login_required");
    if (!SAFE_METHODS.includes(request.method)) demandToken(session, request.headers["x-csrf-token"]);
    response.locals["session"] = session;
    next();
  };
}

/** The session that let a request on. */
export function sessionOf(response: Pick<Response, "locals">): Session {
  return response.locals["session"] as Session;
}

/** Throws `role_required` for a reviewer who is no lead. */
export function demandLead({ role }: Pick<Session, "role">, what: string): void {
  if (role !== "lead") throw new GatewayError("role_required", `${what} takes a lead.`);
}

function demandToken({ csrf }: Session, given: string | string[] | undefined): void {
  const [sent, kept] = [Buffer.from(typeof given === "string" ? given : ""), Buffer.from(csrf)];
  if (sent.length !== kept.length || !timingSafeEqual(sent, kept)) throw new GatewayError("invalid_csrf_token");
}

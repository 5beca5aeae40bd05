import type { Router } from "express";
import type { ReviewerConfig } from "../config/review-config.ts";
import { GatewayError } from "../errors.ts";
import { sessionOf } from "./access.ts";
import { recordEvent, type EventParts } from "./audit-events.ts";
import { createLoginThrottle } from "./login-throttle.ts";
import { NOBODY, verifyPassword } from "./password.ts";
import { check, SCHEMAS } from "./requests.ts";
import { readSessionCookie, writeSessionCookie } from "./session-cookie.ts";
import type { Session, Sessions } from "./sessions.ts";

/** What logging in needs. */
export interface LoginParts extends EventParts {
  readonly sessions: Sessions;
  /** Without reviewers any name logs in, and is a lead. Looked up at every use. */
  readonly people: { readonly reviewers: readonly ReviewerConfig[] };
}

/** Declares what takes no session: `POST /api/session` {name, password?} and `GET /api/session`. */
export function declareLogin(router: Router, parts: LoginParts): void {
  const { sessions, people, clock = Date.now } = parts;
  const throttle = createLoginThrottle(clock);

  router.get("/api/session", (request, response) => {
    const token = readSessionCookie(request);
    const session = token === undefined ? undefined : sessions.find(token);
    response.json({ session: session ?? null, passwords: people.reviewers.length > 0 });
  });
  router.post("/api/session", async (request, response) => {
    const { name, password } = check(SCHEMAS.login, request.body);
    const address = request.socket.remoteAddress ?? "";
    const { reviewers } = people;
    const known =
      reviewers.length > 0
        ? await throttle.attempt({ name, address }, () => identify(reviewers, name, password ?? ""))
        : name;
    if (known === undefined) {
      // People type passwords into the wrong field: an unknown name is not kept.
      const actor = reviewers.some((reviewer) => reviewer.name === name) ? name : "";
      await recordEvent(parts, { actor, event: "login_failed", detail: { address } });
      throw new GatewayError("login_failed");
    }
    // Always a new token: one that was planted before the login is worth nothing after it.
    const earlier = readSessionCookie(request);
    if (earlier !== undefined) sessions.end(earlier);
    const { token, session } = sessions.start(known);
    await recordEvent(parts, { actor: known, event: "login", detail: { address, role: session.role } });
    writeSessionCookie(request, response, { token, lastsMs: session.expiresAt - clock() });
    response.json({ session });
  });
}

/** Declares `DELETE /api/session`, for a request that has a session. */
export function declareLogout(router: Router, parts: LoginParts): void {
  router.delete("/api/session", async (request, response) => {
    const { reviewer }: Session = sessionOf(response);
    const token = readSessionCookie(request);
    if (token !== undefined) parts.sessions.end(token);
    await recordEvent(parts, { actor: reviewer, event: "logout" });
    writeSessionCookie(request, response);
    response.json({ session: null });
  });
}

async function identify(
  reviewers: readonly ReviewerConfig[],
  name: string,
  password: string,
): Promise<string | undefined> {
  const entry = reviewers.find((reviewer) => reviewer.name === name);
  const fits = await verifyPassword(password, entry?.password ?? NOBODY);
  return fits ? entry?.name : undefined;
}

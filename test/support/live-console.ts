import { Router, type Request } from "express";
import { GatewayError } from "../../src/errors.ts";
import { createConsoleApp } from "../../src/http/console-app.ts";
import { startListener } from "../../src/http/listener.ts";
import { createLiveFeed } from "../../src/review/live-feed.ts";
import { declareLive } from "../../src/review/live-routes.ts";
import { notingLog, notingObserver } from "../http/noting-observer.ts";
import { scriptedEngine } from "../http/scripted-engine.ts";

/** A person who may log in, and what the console calls them. */
interface Person {
  readonly role: "reviewer" | "lead";
  readonly password?: string;
}

/** The console's listener with the stream of live requests and a login for the people named; a feed to fill. */
export async function startLiveConsole(people: Readonly<Record<string, Person>>, checkMs = 20) {
  const live = createLiveFeed({ progressMs: 5 });
  const closing = new AbortController();
  const sessions = new Map<string, { reviewer: string; role: Person["role"]; csrf: string }>();
  const passwords = Object.values(people).some(({ password }) => password !== undefined);
  const tokenOf = (cookie = "") => /lensgate_session=(\w+)/.exec(cookie)?.[1] ?? "";
  const review = Router();
  review.get("/api/session", (request, response) => {
    response.json({ session: sessions.get(tokenOf(request.headers.cookie)) ?? null, passwords });
  });
  review.post("/api/session", (request, response) => {
    const { name, password } = request.body as { name: string; password?: string };
    const person = people[name];
    if (person === undefined || person.password !== password) {
      response.status(401).json({ error: { code: "login_failed", message: "Name or password is wrong." } });
      return;
    }
    const session = { reviewer: name, role: person.role, csrf: "c" };
    const token = String(sessions.size + 1);
    sessions.set(token, session);
    response.setHeader("set-cookie", `lensgate_session=${token}; Path=/; HttpOnly`);
    response.json({ session });
  });
  review.delete("/api/session", (request, response) => {
    if (request.headers["x-csrf-token"] !== "c") throw new GatewayError("invalid_csrf_token");
    sessions.delete(tokenOf(request.headers.cookie));
    response.json({ session: null });
  });
  const findSession = (request: Pick<Request, "headers">) => sessions.get(tokenOf(request.headers.cookie));
  declareLive(review, { live, findSession, closing: closing.signal, checkMs });

  const { log } = notingLog();
  const app = createConsoleApp({
    engine: scriptedEngine([]).engine,
    metrics: { render: async () => ({ contentType: "text/plain", body: "" }) },
    review,
    allowedHosts: [],
    allowedOrigins: [],
    limits: { bodyBytes: 1024, depth: 4 },
    retryAfterMs: 1_000,
    observer: notingObserver().observer,
    log,
    isDraining: () => false,
  });
  let listener = await startListener({ name: "console", app, host: "127.0.0.1", port: 0, log });
  const { url, port } = listener;
  return {
    url,
    live,
    sessions,
    closing,
    stop: () => listener.drain(0),
    async restart() {
      listener = await startListener({ name: "console", app, host: "127.0.0.1", port, log });
    },
  };
}

import { createConsoleApp } from "../../src/http/console-app.ts";
import { startListener } from "../../src/http/listener.ts";
import { createLiveFeed } from "../../src/review/live-feed.ts";
import { hashPassword } from "../../src/review/password.ts";
import { createReviewRoutes } from "../../src/review/routes.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { notingLog, notingObserver } from "../http/noting-observer.ts";
import { scriptedEngine } from "../http/scripted-engine.ts";
import { CHEAP, OPEN_SETTINGS, openReviewStores } from "../review/review-server.ts";

/** A person who may log in, and what the console calls them. */
interface Person {
  readonly role: "reviewer" | "lead";
  readonly password: string;
}

/** The console's listener with its own routes for the people named, and a feed to fill. Without people any name is a lead. */
export async function startLiveConsole(people: Readonly<Record<string, Person>> = {}, checkMs = 20) {
  const live = createLiveFeed({ progressMs: 5 });
  const closing = new AbortController();
  const stores = openReviewStores(temporaryFolder());
  const named = Object.entries(people).map(async ([name, { role, password }]) => {
    return { name, role, password: await hashPassword(password, CHEAP) };
  });
  const { log } = notingLog();
  const app = createConsoleApp({
    engine: scriptedEngine([]).engine,
    metrics: { render: async () => ({ contentType: "text/plain", body: "" }) },
    review: createReviewRoutes({
      ...stores,
      settings: { ...OPEN_SETTINGS, reviewers: await Promise.all(named) },
      descriptions: {},
      log,
      live,
      liveCheckMs: checkMs,
      closing: closing.signal,
    }),
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
  const count = stores.database.prepare<{ logins: number }>("SELECT count(*) AS logins FROM sessions");
  return {
    url,
    live,
    /** How many are logged in. */
    logins: () => count.get()?.logins ?? 0,
    /** Ends every session. */
    logOutAll: () => void stores.database.prepare("DELETE FROM sessions").run(),
    closing,
    stop: () => listener.drain(0),
    async restart() {
      listener = await startListener({ name: "console", app, host: "127.0.0.1", port, log });
    },
  };
}

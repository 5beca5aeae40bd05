import { createHash, randomBytes } from "node:crypto";
import type { ReviewerConfig } from "../config/review-config.ts";
import type { Database } from "../trace/database.ts";

/** What a reviewer may do: a lead also decides escalated items, revives dead ones and writes thresholds. */
export type Role = ReviewerConfig["role"];

/** Someone who is logged in. */
export interface Session {
  readonly reviewer: string;
  readonly role: Role;
  /** What every request that changes something carries as `x-csrf-token`. */
  readonly csrf: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Logins that stand, in the state database: a restart ends none. */
export interface Sessions {
  /** The token is for the cookie; only its hash is kept. */
  start(reviewer: string): { readonly token: string; readonly session: Session };
  /** Undefined when it is unknown, over, or its reviewer was taken out of the configuration or got another password. */
  find(token: string): Session | undefined;
  end(token: string): void;
}

/** Where sessions are kept and whose they may be. */
export interface SessionParts {
  readonly database: Database;
  /** Without reviewers anyone is a lead. Looked up at every use. */
  readonly people: { readonly reviewers: readonly ReviewerConfig[] };
  readonly sessionMs: number;
  readonly clock?: () => number;
  /** 64 hex digits, fresh at every call. */
  readonly randomToken?: () => string;
}

interface Kept {
  readonly reviewer: string;
  readonly csrf: string;
  /** Hash of the reviewer's entry; empty without reviewers. */
  readonly credential: string;
}

const MOST_SESSIONS = 1_000;

/** The sessions of one console. Role and password count as the configuration has them now. */
export function createSessions(parts: SessionParts): Sessions {
  const { database, people, sessionMs, clock = Date.now } = parts;
  const { randomToken = () => randomBytes(32).toString("hex") } = parts;
  const insert = database.prepare("INSERT INTO sessions (id, expires_at, body) VALUES (?, ?, ?)");
  const byId = database.prepare<{ expires_at: number; body: string }>(
    "SELECT expires_at, body FROM sessions WHERE id = ? AND expires_at > ?",
  );
  const remove = database.prepare("DELETE FROM sessions WHERE id = ?");
  const prune = database.prepare(
    `DELETE FROM sessions WHERE expires_at <= ?
     OR id NOT IN (SELECT id FROM sessions ORDER BY expires_at DESC LIMIT ${MOST_SESSIONS})`,
  );

  function toSession(kept: Kept, expiresAt: number): Session | undefined {
    const { reviewer, csrf, credential } = kept;
    const standing = standingOf(people.reviewers, reviewer);
    if (standing === undefined || standing.credential !== credential) return undefined;
    return { reviewer, role: standing.role, csrf, expiresAt };
  }

  return {
    start(reviewer) {
      const now = clock();
      const token = randomToken();
      const kept = {
        reviewer,
        csrf: randomToken(),
        credential: standingOf(people.reviewers, reviewer)?.credential ?? "",
      };
      insert.run(digest(token), now + sessionMs, JSON.stringify(kept));
      prune.run(now);
      const session = toSession(kept, now + sessionMs);
      if (session === undefined) throw new Error("a session was started for someone who may not log in");
      return { token, session };
    },
    find(token) {
      const row = byId.get(digest(token), clock());
      return row === undefined ? undefined : toSession(JSON.parse(row.body) as Kept, row.expires_at);
    },
    end(token) {
      remove.run(digest(token));
    },
  };
}

function standingOf(
  reviewers: readonly ReviewerConfig[],
  name: string,
): { role: Role; credential: string } | undefined {
  if (reviewers.length === 0) return { role: "lead", credential: "" };
  const entry = reviewers.find((reviewer) => reviewer.name === name);
  return entry && { role: entry.role, credential: digest(entry.password) };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

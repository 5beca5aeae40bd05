import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ReviewerConfig } from "../../src/config/review-config.ts";
import { createSessions } from "../../src/review/sessions.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const ADA: ReviewerConfig = { name: "ada", role: "lead", password: "scrypt$one" };
const BO: ReviewerConfig = { name: "bo", role: "reviewer", password: "scrypt$two" };

function start(folder = temporaryFolder()) {
  let now = 1_000;
  const database = openDatabase({ folder });
  const open = (reviewers: readonly ReviewerConfig[]) =>
    createSessions({ database, people: { reviewers }, sessionMs: 60_000, clock: () => now });
  return { database, open, wait: (ms: number) => (now += ms) };
}

test("a login is found by its token until it is over or ended, also by the next process", () => {
  const { open, wait } = start();
  const sessions = open([ADA, BO]);
  const { token, session } = sessions.start("bo");
  expect(session).toEqual({
    reviewer: "bo",
    role: "reviewer",
    csrf: expect.stringMatching(/^[0-9a-f]{64}$/),
    expiresAt: 61_000,
  });
  expect(open([ADA, BO]).find(token)).toEqual(session);
  expect(sessions.find("00".repeat(32))).toBeUndefined();
  wait(60_000);
  expect(sessions.find(token)).toBeUndefined();
  const later = sessions.start("ada");
  sessions.end(later.token);
  expect(sessions.find(later.token)).toBeUndefined();
});

test("every login has a token and a secret of its own, and the file holds no token", () => {
  const { database, open } = start();
  const sessions = open([]);
  const started = [sessions.start("ada"), sessions.start("ada")];
  const secrets = started.flatMap(({ token, session }) => [token, session.csrf]);
  expect(new Set(secrets).size).toBe(4);
  const stored = [database.path, `${database.path}-wal`].map((file) => readFileSync(file, "latin1")).join("");
  expect(stored).not.toContain(started[0]?.token);
});

test("role and password count as they are configured now", () => {
  const { open } = start();
  const { token } = open([ADA, BO]).start("bo");
  expect(open([ADA, { ...BO, role: "lead" }]).find(token)?.role).toBe("lead");
  expect(open([ADA, { ...BO, password: "scrypt$new" }]).find(token)).toBeUndefined();
  expect(open([ADA]).find(token)).toBeUndefined();
  expect(open([]).find(token)).toBeUndefined();
});

test("a login from before there were reviewers is none any more", () => {
  const { open } = start();
  const { token, session } = open([]).start("ada");
  expect(session.role).toBe("lead");
  expect(open([ADA]).find(token)).toBeUndefined();
});

test("nobody logs in who is not configured, and logins do not pile up", () => {
  const { database, open } = start();
  expect(() => open([ADA]).start("mallory")).toThrow("may not log in");
  const sessions = open([]);
  const first = sessions.start("ada");
  database.transaction(() => {
    for (let count = 0; count < 1_001; count += 1)
      database.prepare("INSERT INTO sessions (id, expires_at, body) VALUES (?, 70000, '{}')").run(`filler ${count}`);
  });
  sessions.start("bo");
  expect(sessions.find(first.token)).toBeUndefined();
  expect(database.prepare("SELECT count(*) AS rows FROM sessions").get()).toEqual({ rows: 1_000 });
});

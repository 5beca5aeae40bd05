/**
 * The state database, one entry a version: entry n brings a file from version n to n + 1. Entries are never edited once
 * released; a change is a new entry. Texts that callers or models wrote live in JSON columns only: the driver cuts a
 * plain text at its first NUL character, and JSON escapes it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE traces (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'complete', 'interrupted')),
    queued INTEGER NOT NULL DEFAULT 0 CHECK (queued IN (0, 1)),
    head TEXT NOT NULL,
    ending TEXT
  ) STRICT;
  CREATE INDEX traces_unqueued ON traces (created_at, id) WHERE queued = 0;
  CREATE TABLE evidence (
    trace_id TEXT NOT NULL REFERENCES traces (id),
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (trace_id, ordinal)
  ) STRICT;

  CREATE TABLE decisions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX decisions_by_trace ON decisions (trace_id, sequence);
  CREATE TRIGGER decisions_keep BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
  CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

  CREATE TABLE scores (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX scores_by_time ON scores (created_at);

  CREATE TABLE review_items (
    trace_id TEXT PRIMARY KEY,
    priority INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'claimed', 'decided')),
    token TEXT,
    claimant TEXT,
    lease_until INTEGER,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX review_items_order ON review_items (state, priority, created_at, trace_id);
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  `,
];

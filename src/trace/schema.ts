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
  `
  CREATE TABLE review_items_2 (
    trace_id TEXT PRIMARY KEY,
    priority INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'claimed', 'decided', 'dead')),
    stage TEXT NOT NULL DEFAULT 'first' CHECK (stage IN ('first', 'second', 'escalated')),
    excluded TEXT NOT NULL DEFAULT '[]',
    detector TEXT NOT NULL,
    action TEXT NOT NULL,
    model TEXT NOT NULL,
    repetition TEXT NOT NULL,
    abandoned INTEGER NOT NULL DEFAULT 0,
    token TEXT,
    claimant TEXT,
    lease_until INTEGER,
    body TEXT NOT NULL
  ) STRICT;
  INSERT INTO review_items_2 (trace_id, priority, created_at, state, detector, action, model, repetition, token, claimant, lease_until, body)
    SELECT trace_id, priority, created_at, state, json_extract(body, '$.detector'), json_extract(body, '$.action'), '', trace_id, token, claimant, lease_until,
    json_set(body, '$.model', '', '$.keyId', NULL, '$.repetition', trace_id, '$.blind', json('false'), '$.sample', NULL) FROM review_items;
  DROP TABLE review_items;
  ALTER TABLE review_items_2 RENAME TO review_items;
  CREATE INDEX review_items_order ON review_items (state, priority, created_at, trace_id);
  CREATE INDEX review_items_repetition ON review_items (repetition) WHERE state <> 'decided';
  CREATE TABLE review_members (
    trace_id TEXT PRIMARY KEY,
    item_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX review_members_by_item ON review_members (item_id, created_at);
  INSERT INTO review_members (trace_id, item_id, created_at) SELECT trace_id, trace_id, created_at FROM review_items;

  ALTER TABLE decisions ADD COLUMN decision_id TEXT;
  CREATE UNIQUE INDEX decisions_by_id ON decisions (decision_id) WHERE decision_id IS NOT NULL;
  ALTER TABLE traces ADD COLUMN sample TEXT;

  CREATE TABLE outbox (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    item TEXT,
    epoch TEXT,
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
    PRIMARY KEY (kind, id)
  ) STRICT;
  CREATE INDEX outbox_new ON outbox (kind, created_at, id) WHERE epoch IS NULL;
  CREATE INDEX outbox_open ON outbox (kind, created_at, id) WHERE settled = 0;
  CREATE INDEX outbox_by_item ON outbox (item) WHERE item IS NOT NULL;
  ALTER TABLE scores ADD COLUMN origin TEXT;
  ALTER TABLE scores ADD COLUMN origin_sequence INTEGER;
  CREATE UNIQUE INDEX scores_by_origin ON scores (origin, origin_sequence) WHERE origin IS NOT NULL;

  CREATE TABLE enrichments (
    trace_id TEXT PRIMARY KEY,
    made_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE erasures (
    trace_id TEXT PRIMARY KEY,
    erased_at INTEGER NOT NULL,
    epoch TEXT
  ) STRICT;
  CREATE INDEX erasures_by_time ON erasures (erased_at);

  CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_trace ON audit (json_extract(body, '$.traceId'), sequence);
  CREATE TRIGGER audit_keep BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_stay BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
  `
  CREATE INDEX scores_by_request ON scores (json_extract(body, '$.requestId'), created_at);
  CREATE INDEX scores_by_trace ON scores (json_extract(body, '$.traceId'));
  ALTER TABLE traces ADD COLUMN request TEXT;
  CREATE INDEX traces_by_request ON traces (request);
  `,
];

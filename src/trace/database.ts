import Libsql from "libsql";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, formatProblem, type Problem } from "../errors.ts";
import { MIGRATIONS } from "./schema.ts";

/** What a column holds. A boolean is not among them: the native driver ends the process when it is given one. */
export type SqlValue = string | number | null;

/** A prepared statement. `Row` is what the caller's own SQL selects. Values are bound by position. */
export interface Statement<Row extends object = Record<string, SqlValue>> {
  /** Returns the number of changed rows. Outside a transaction the change is on disk when this returns. */
  run(...values: readonly SqlValue[]): number;
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): Row[];
}

/** One connection to the state database. Synchronous; errors name the file and the cure. */
export interface Database {
  /** The database file. */
  readonly path: string;
  prepare<Row extends object = Record<string, SqlValue>>(sql: string): Statement<Row>;
  /** Runs `work` under the write lock and commits to disk, or undoes everything when it throws. One within another is a part of it. */
  transaction<Result>(work: () => Result): Result;
  close(): void;
}

/** Where the database is and how to open it. */
export interface DatabaseOptions {
  readonly folder: string;
  /** How long a write waits for another process, 5,000 by default. */
  readonly busyTimeoutMs?: number;
  /** Refuse a folder without a database instead of making one: for readers, so that a mistyped folder is noticed. */
  readonly mustExist?: boolean;
}

/** Name of the state database in the state folder. */
export const DATABASE_FILE = "lensgate.db";

const MOVE_CURE = "or name another folder with --state-dir or LENSGATE_STATE_DIR";

/**
 * Opens `lensgate.db` in a folder, both made when missing (0700 and 0600), and brings it to this version's schema.
 * Throws `ConfigError` when the folder is read-only, the disk full, or the file damaged, locked or from a newer version.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const path = join(options.folder, DATABASE_FILE);
  if (options.mustExist === true && !existsSync(path)) {
    throw new ConfigError([
      { file: path, message: "there is no state database here", cure: `start the gateway once, ${MOVE_CURE}` },
    ]);
  }
  try {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    createPrivately(path);
    const native = new Libsql(path, { timeout: options.busyTimeoutMs ?? 5_000 });
    switchToWal(native, Date.now() + (options.busyTimeoutMs ?? 5_000));
    // What is deleted is overwritten, not only unlinked.
    native.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON");
    const database = wrap(native, path);
    migrate(native, database);
    return database;
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError([explain(path, error)]);
  }
}

/** The write-ahead files take over the mode of the database file, so it is made before SQLite makes it with the process's umask. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    // Never open and close an existing database file here: that would drop the locks of other connections in this process.
    for (const suffix of ["", "-wal", "-shm"]) {
      try {
        chmodSync(path + suffix, 0o600);
      } catch (chmodError) {
        if (codeOf(chmodError) !== "ENOENT") throw chmodError;
      }
    }
  }
}

/** The switch to WAL does not wait for the busy timeout when another process switches too. */
function switchToWal(native: Libsql.Database, giveUpAt: number): void {
  for (;;) {
    try {
      native.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!codeOf(error).startsWith("SQLITE_BUSY") || Date.now() > giveUpAt) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function migrate(native: Libsql.Database, database: Database): void {
  const readVersion = database.prepare<{ user_version: number }>("PRAGMA user_version");
  const version = () => readVersion.get()?.user_version ?? 0;
  if (version() === MIGRATIONS.length) return;
  database.transaction(() => {
    const found = version();
    if (found > MIGRATIONS.length) {
      const message = `the state database has version ${found}; this lensgate knows versions up to ${MIGRATIONS.length}`;
      throw new ConfigError([
        { file: database.path, message, cure: `run the newer lensgate that wrote it, ${MOVE_CURE}` },
      ]);
    }
    for (const migration of MIGRATIONS.slice(found)) native.exec(migration);
    native.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

function wrap(native: Libsql.Database, path: string): Database {
  const attempt = <Result>(action: () => Result): Result => {
    try {
      return action();
    } catch (error) {
      if (!codeOf(error).startsWith("SQLITE_")) throw error;
      throw new Error(formatProblem(explain(path, error)), { cause: error });
    }
  };
  // The driver's own answer ends the process when the connection is closed.
  let inTransaction = false;
  function transaction<Result>(work: () => Result): Result {
    if (inTransaction) return work();
    attempt(() => native.exec("BEGIN IMMEDIATE"));
    inTransaction = true;
    try {
      const result = work();
      attempt(() => native.exec("COMMIT"));
      return result;
    } catch (error) {
      // A full disk has undone the transaction already.
      if (native.inTransaction) native.exec("ROLLBACK");
      throw error;
    } finally {
      inTransaction = false;
    }
  }
  return {
    path,
    transaction,
    prepare<Row extends object>(sql: string): Statement<Row> {
      const statement = attempt(() => native.prepare(sql));
      const run = (values: readonly SqlValue[]) => attempt(() => statement.run(checked(values)).changes);
      // A statement that waits for the lock by itself in vain keeps its view of the file, and every transaction after it fails at once.
      const isControl = /^\s*(begin|commit|rollback|pragma)\b/i.test(sql);
      return {
        run: (...values) => (isControl || inTransaction ? run(values) : transaction(() => run(values))),
        get: (...values) => attempt(() => withoutMetadata<Row>(statement.get(checked(values)))),
        // The rows are what the caller's SQL selects; the driver knows no types.
        all: (...values) => attempt(() => statement.all(checked(values)) as Row[]),
      };
    },
    close() {
      if (native.open) native.close();
    },
  };
}

/** One array, since the driver takes a lone `null` for a list of named values. */
function checked(values: readonly SqlValue[]): SqlValue[] {
  for (const value of values) {
    if (value === null || typeof value === "string" || Number.isFinite(value)) continue;
    throw new TypeError(`a column cannot hold ${typeof value} ${String(value)}`);
  }
  return [...values];
}

/** The driver adds `_metadata` to single rows. */
function withoutMetadata<Row extends object>(row: unknown): Row | undefined {
  if (typeof row !== "object" || row === null) return undefined;
  const { _metadata: _, ...columns } = row as Row & { _metadata?: unknown };
  return columns as unknown as Row;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function explain(path: string, error: unknown): Problem {
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  const problem = (message: string, cure: string): Problem => ({ file: path, message: `${message} (${detail})`, cure });
  if (/^(EACCES|EPERM|EROFS|SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_AUTH)/.test(code)) {
    return problem(
      "the state database cannot be written",
      `make folder and files writable for this user, ${MOVE_CURE}`,
    );
  }
  if (/^(ENOSPC|EDQUOT|SQLITE_FULL|SQLITE_IOERR)/.test(code)) {
    return problem("the disk is full or fails", `free some space, ${MOVE_CURE}`);
  }
  if (/^(ENOTDIR|EEXIST|EISDIR)/.test(code)) {
    return problem("the state folder is not a folder", `remove the file in its place, ${MOVE_CURE}`);
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return problem("another process holds the state database", "end the process that holds it, then try again");
  }
  if (/^(SQLITE_NOTADB|SQLITE_CORRUPT)/.test(code)) {
    return problem("this is no state database, or it is damaged", `move the file away or restore a copy, ${MOVE_CURE}`);
  }
  return problem("the state database failed", `read the cause in parentheses, ${MOVE_CURE}`);
}

import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { DATABASE_FILE, openDatabase, type SqlValue } from "../../src/trace/database.ts";
import { MIGRATIONS } from "../../src/trace/schema.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const modeOf = (path: string) => statSync(path).mode & 0o777;

function configErrorOf(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The superuser writes everywhere, so for this part of a test he is somebody else. */
function asOrdinaryUser<Result>(action: () => Result): Result {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.(65_534);
  try {
    return action();
  } finally {
    process.seteuid?.(0);
  }
}

test("folder and files are for the owner alone, whatever the umask", () => {
  const folder = join(temporaryFolder(), "a", "state");
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
  openDatabase({ folder });
  expect(modeOf(folder)).toBe(0o700);
  for (const suffix of ["", "-wal", "-shm"]) expect(modeOf(join(folder, DATABASE_FILE + suffix))).toBe(0o600);
});

test("a file with a wider mode is narrowed when it is opened again", () => {
  const folder = temporaryFolder();
  openDatabase({ folder });
  for (const suffix of ["", "-wal", "-shm"]) chmodSync(join(folder, DATABASE_FILE + suffix), 0o644);
  openDatabase({ folder });
  for (const suffix of ["", "-wal", "-shm"]) expect(modeOf(join(folder, DATABASE_FILE + suffix))).toBe(0o600);
});

test("commits are synced to disk, a busy file is waited for, and the journal is write-ahead", () => {
  const database = openDatabase({ folder: temporaryFolder() });
  expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  expect(database.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout: 5_000 });
});

test("a transaction that throws leaves nothing behind, and the next one works", () => {
  const database = openDatabase({ folder: temporaryFolder() });
  const insert = database.prepare("INSERT INTO counters (name, value) VALUES (?, ?)");
  const count = database.prepare("SELECT count(*) AS n FROM counters");
  const failing = () =>
    database.transaction(() => {
      insert.run("a", 1);
      throw new Error("no");
    });
  expect(failing).toThrow("no");
  expect(count.get()).toEqual({ n: 0 });
  expect(database.transaction(() => insert.run("b", 2))).toBe(1);
  expect(count.get()).toEqual({ n: 1 });
});

test("a value that no column holds is refused before it reaches the driver", () => {
  const statement = openDatabase({ folder: temporaryFolder() }).prepare("SELECT ? AS value");
  for (const value of [true, undefined, Number.NaN, Number.POSITIVE_INFINITY, {}, 5n]) {
    expect(() => statement.get(value as SqlValue)).toThrow(/a column cannot hold/);
  }
  for (const value of [null, "", "text", -1.5, 2 ** 52]) expect(statement.get(value)).toEqual({ value });
});

test("a file of a newer version is refused with the way out", () => {
  const folder = temporaryFolder();
  openDatabase({ folder })
    .prepare(`PRAGMA user_version = ${MIGRATIONS.length + 1}`)
    .run();
  const error = configErrorOf(() => openDatabase({ folder }));
  expect(error.message).toContain(`version ${MIGRATIONS.length + 1}`);
  expect(error.message).toContain("--state-dir");
  expect(error.problems[0]?.file).toBe(join(folder, DATABASE_FILE));
});

test("a folder that cannot be written is named with the cure", () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o555);
  const error = configErrorOf(() => asOrdinaryUser(() => openDatabase({ folder })));
  expect(error.message).toMatch(/cannot be written.*cure: make folder and files writable/);
  expect(existsSync(join(folder, DATABASE_FILE))).toBe(false);
});

test("a database file that cannot be written is named with the cure", () => {
  const folder = temporaryFolder();
  openDatabase({ folder }).close();
  for (const suffix of ["", "-wal", "-shm"])
    if (existsSync(join(folder, DATABASE_FILE + suffix))) chmodSync(join(folder, DATABASE_FILE + suffix), 0o444);
  chmodSync(folder, 0o555);
  if (process.getuid?.() === 0)
    expect(configErrorOf(() => asOrdinaryUser(() => openDatabase({ folder }))).message).toMatch(/cannot be written/);
  else expect(() => openDatabase({ folder })).not.toThrow();
});

test("a file in the folder's place is named", () => {
  const folder = join(temporaryFolder(), "state");
  writeFileSync(folder, "");
  expect(configErrorOf(() => openDatabase({ folder })).message).toMatch(/is not a folder.*cure: remove the file/);
  expect(configErrorOf(() => openDatabase({ folder: join(folder, "deeper") })).message).toMatch(/is not a folder/);
});

test("a file that is no database is refused and left as it is", () => {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const text = "dear diary ".repeat(500);
  writeFileSync(join(folder, DATABASE_FILE), text);
  expect(configErrorOf(() => openDatabase({ folder })).message).toMatch(/no state database, or it is damaged/);
  expect(readFileSync(join(folder, DATABASE_FILE), "utf8")).toBe(text);
});

test("a full disk is reported as such, undoes the write and leaves the database usable", () => {
  const database = openDatabase({ folder: temporaryFolder() });
  const pages = database.prepare<{ page_count: number }>("PRAGMA page_count").get()?.page_count ?? 0;
  database.prepare(`PRAGMA max_page_count = ${pages + 1}`).get();
  const insert = database.prepare("INSERT INTO counters (name, value) VALUES (?, 1)");
  expect(() => insert.run("x".repeat(100_000))).toThrow(/disk is full or fails.*cure: free some space/);
  expect(() => database.transaction(() => insert.run("x".repeat(100_000)))).toThrow(/disk is full or fails/);
  expect(insert.run("short")).toBe(1);
});

test("a database that another process holds is reported after the busy timeout", () => {
  const folder = temporaryFolder();
  const [first, second] = [openDatabase({ folder }), openDatabase({ folder, busyTimeoutMs: 50 })];
  const insert = second.prepare("INSERT INTO counters (name, value) VALUES ('a', 1)");
  first.transaction(() => expect(() => insert.run()).toThrow(/another process holds the state database/));
  expect(insert.run()).toBe(1);
});

test("eight processes that open a new folder at the same moment all succeed", async () => {
  const folder = join(temporaryFolder(), "state");
  const module = new URL("../../src/trace/database.ts", import.meta.url).href;
  const script = `import { openDatabase } from ${JSON.stringify(module)};
    while (Date.now() < ${Date.now() + 1_500});
    openDatabase({ folder: ${JSON.stringify(folder)} }).prepare("INSERT INTO counters VALUES (?, 1)").run(String(process.pid));`;
  const codes = await Promise.all(
    Array.from({ length: 8 }, () => {
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
        stdio: "inherit",
      });
      return new Promise((resolve) => child.on("close", resolve));
    }),
  );
  expect(codes).toEqual(Array.from({ length: 8 }, () => 0));
  expect(openDatabase({ folder }).prepare("SELECT count(*) AS n FROM counters").get()).toEqual({ n: 8 });
});

test("a closed database can be closed again and takes no statements", () => {
  const database = openDatabase({ folder: temporaryFolder() });
  database.close();
  database.close();
  expect(() => database.transaction(() => 1)).toThrow(/not open/);
});

test("a reader refuses a folder without a database and makes nothing there", () => {
  const folder = join(temporaryFolder(), "mistyped");
  expect(configErrorOf(() => openDatabase({ folder, mustExist: true })).message).toMatch(
    /no state database here.*cure: start the gateway once/,
  );
  expect(existsSync(folder)).toBe(false);
  openDatabase({ folder }).close();
  expect(openDatabase({ folder, mustExist: true }).path).toBe(join(folder, DATABASE_FILE));
});

test("a write that waited for the lock in vain spoils nothing that comes after it", () => {
  const folder = temporaryFolder();
  const [holder, other] = [openDatabase({ folder }), openDatabase({ folder, busyTimeoutMs: 50 })];
  const [add, count] = [
    other.prepare("INSERT INTO counters (name, value) VALUES (?, 1)"),
    other.prepare<{ rows: number }>("SELECT count(*) AS rows FROM counters"),
  ];
  holder.transaction(() => {
    holder.prepare("INSERT INTO counters (name, value) VALUES ('a', 1)").run();
    expect(() => add.run("b")).toThrow(/another process holds the state database/);
  });
  other.transaction(() => add.run("c"));
  add.run("d");
  expect(count.get()?.rows).toBe(3);
});

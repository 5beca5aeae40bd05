import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { secretOf } from "../secret-files.ts";
import { ConfigError } from "../errors.ts";
import type { Database } from "./database.ts";
import { createSealing, type Sealing } from "./sealing.ts";
import { createSettings } from "./settings.ts";

const TRACE_KEY_VARIABLE = "LENSGATE_TRACE_KEY";
/** The key's file in the state folder, where the environment names none. */
export const TRACE_KEY_FILE = "trace.key";

/** Where the key comes from. */
export interface TraceKeyOptions {
  /** The open state database; the key's file lies beside it. */
  readonly database: Database;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** With a queue that several gateways share they must share the key, so a file of one's own will not do. */
  readonly shared?: boolean;
}

/**
 * The sealing of a state folder: with the key of `LENSGATE_TRACE_KEY` or of the file that `LENSGATE_TRACE_KEY_FILE` names, else with the one in `trace.key`, drawn and written
 * (0600) at first use. Throws `ConfigError` for a key that is malformed, missing, or not the one that the database was sealed with.
 */
export function openSealing({ database, environment = process.env, shared = false }: TraceKeyOptions): Sealing {
  const settings = createSettings(database);
  const known = settings.get("trace_key_id");
  const named = secretOf(environment, "LENSGATE_TRACE_KEY");
  if (named === undefined) {
    if (shared) throw problem(TRACE_KEY_VARIABLE, "is not set, and the gateways of one queue need one key", MAKE);
  } else if (!isKey(named)) {
    throw problem(TRACE_KEY_VARIABLE, "is not 64 hex digits", MAKE);
  }
  const file = join(dirname(database.path), TRACE_KEY_FILE);
  const sealing = createSealing(Buffer.from(named ?? readKey(file, known === undefined), "hex"));
  if (settings.keep("trace_key_id", sealing.keyId) === sealing.keyId) return sealing;
  const cure = `set ${TRACE_KEY_VARIABLE} to the key that it was sealed with, or put its ${TRACE_KEY_FILE} back`;
  throw problem(database.path, "its traces are sealed with another key than this one", cure);
}

const MAKE = `make one with \`openssl rand -hex 32\` and give every gateway the same`;

function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text);
}

function readKey(file: string, mayDraw: boolean): string {
  const text = readIfThere(file) ?? (mayDraw ? drawKey(file) : undefined);
  if (text === undefined) {
    const cure = `put it back from a copy, or set ${TRACE_KEY_VARIABLE}; without the key the traces cannot be read`;
    throw problem(file, "the key of this state folder is gone", cure);
  }
  if (!isKey(text))
    throw problem(file, "is not 64 hex digits", `put it back from a copy, or set ${TRACE_KEY_VARIABLE}`);
  return text;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw problem(
      file,
      `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      "let this user read it",
    );
  }
}

/** Whole and on disk before it has its name, so that of two processes that draw both take the same. */
function drawKey(file: string): string {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  const handle = openSync(draft, "wx", 0o600);
  try {
    writeSync(handle, `${randomBytes(32).toString("hex")}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    unlinkSync(draft);
  }
  const folder = openSync(dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
  return readFileSync(file, "utf8").trim();
}

function problem(file: string, message: string, cure: string): ConfigError {
  return new ConfigError([{ file, message, cure }]);
}

import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { openSealing } from "../../src/trace/trace-key.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

const [KEY, OTHER] = ["ab".repeat(32), "cd".repeat(32)];

function openWith(folder: string, key?: string, shared = false) {
  const environment = key === undefined ? {} : { LENSGATE_TRACE_KEY: key };
  const database = openDatabase({ folder });
  try {
    return openSealing({ database, environment, shared });
  } finally {
    database.close();
  }
}

test("without a key in the environment one is drawn once, readable for its user alone", () => {
  const folder = temporaryFolder();
  const sealed = openWith(folder).seal("sushi", "here");
  expect(statSync(join(folder, "trace.key")).mode & 0o777).toBe(0o600);
  expect(openWith(folder).open(sealed, "here")).toBe("sushi");
  expect(readdirSync(folder).filter((name) => name.startsWith("trace.key"))).toEqual(["trace.key"]);
  expect(() => openWith(temporaryFolder()).open(sealed, "here")).toThrow(/another key/);
});

test("the environment's key is the same everywhere, and no file is written", () => {
  const folder = temporaryFolder();
  const sealed = openWith(folder, KEY).seal("sushi", "here");
  expect(openWith(temporaryFolder(), KEY, true).open(sealed, "here")).toBe("sushi");
  expect(readdirSync(folder)).not.toContain("trace.key");
});

test("another key than the one that a state folder was sealed with is refused with the cure", () => {
  const folder = temporaryFolder();
  openWith(folder, KEY);
  expect(() => openWith(folder, OTHER)).toThrow(ConfigError);
  expect(() => openWith(folder, OTHER)).toThrow(/sealed with another key than this one \(cure: set LENSGATE_TRACE_KEY/);
  expect(openWith(folder, KEY).keyId).toBe(openWith(temporaryFolder(), KEY).keyId);
});

test("a key that is gone is not replaced by a new one", () => {
  const folder = temporaryFolder();
  openWith(folder);
  rmSync(join(folder, "trace.key"));
  expect(() => openWith(folder)).toThrow(/trace\.key: the key of this state folder is gone/);
});

test("a key that is malformed, or missing where gateways share a queue, is refused", () => {
  expect(() => openWith(temporaryFolder(), "secret")).toThrow(/LENSGATE_TRACE_KEY: is not 64 hex digits/);
  expect(() => openWith(temporaryFolder(), undefined, true)).toThrow(/LENSGATE_TRACE_KEY: is not set.*openssl rand/);
  const folder = temporaryFolder();
  openDatabase({ folder }).close();
  writeFileSync(join(folder, "trace.key"), "secret");
  expect(() => openWith(folder)).toThrow(/trace\.key: is not 64 hex digits/);
});

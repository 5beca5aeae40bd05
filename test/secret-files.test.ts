import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findLooseSecrets, secretOf } from "../src/secret-files.ts";
import { temporaryFolder } from "./support/folder.ts";

function writeSecret(text: string, mode = 0o600): string {
  const file = join(temporaryFolder(), "secret");
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

describe("a secret", () => {
  test("is what its variable holds; an empty one holds nothing", () => {
    expect(secretOf({ LENSGATE_TRACE_KEY: "abc" }, "LENSGATE_TRACE_KEY")).toBe("abc");
    expect(secretOf({ LENSGATE_TRACE_KEY: "", LENSGATE_TRACE_KEY_FILE: "" }, "LENSGATE_TRACE_KEY")).toBeUndefined();
    expect(secretOf({}, "LENSGATE_REDIS_PASSWORD")).toBeUndefined();
  });

  test.each([
    ["abc", "abc"],
    ["abc\n", "abc"],
    ["abc\r\n", "abc"],
    [" a b \n\n", " a b \n"],
  ])("in the file that is named is its text without one line's end: %j", (text, secret) => {
    const environment = { LENSGATE_REDIS_PASSWORD_FILE: writeSecret(text) };
    expect(secretOf(environment, "LENSGATE_REDIS_PASSWORD")).toBe(secret);
  });

  test.each<[string, () => Record<string, string>, RegExp]>([
    [
      "both are set",
      () => ({ LENSGATE_REDIS_URL: "redis://:secret@a", LENSGATE_REDIS_URL_FILE: writeSecret("redis://b") }),
      /^LENSGATE_REDIS_URL: LENSGATE_REDIS_URL_FILE is set, too \(cure: unset one of the two\)$/,
    ],
    [
      "the file is not there",
      () => ({ LENSGATE_REDIS_URL_FILE: "/nowhere/url" }),
      /^\/nowhere\/url: cannot be read, .*LENSGATE_REDIS_URL_FILE/,
    ],
    [
      "the file is empty",
      () => ({ LENSGATE_REDIS_URL_FILE: writeSecret("\n") }),
      /is empty, and LENSGATE_REDIS_URL_FILE names it/,
    ],
  ])("is refused where %s, and never repeated", (_what, environment, says) => {
    const read = () => secretOf(environment(), "LENSGATE_REDIS_URL");
    expect(read).toThrow(says);
    expect(read).not.toThrow(/secret@/);
  });

  test("in a file that others may read is told, with the cure", () => {
    const [open, closed] = [writeSecret("a", 0o644), writeSecret("a", 0o600)];
    expect(findLooseSecrets({ LENSGATE_TRACE_KEY_FILE: closed, LENSGATE_REDIS_URL_FILE: "/nowhere" })).toEqual([]);
    expect(findLooseSecrets({ LENSGATE_TRACE_KEY_FILE: open })).toEqual([
      {
        file: open,
        message: "others on this machine may read it, and LENSGATE_TRACE_KEY_FILE names it",
        cure: `chmod 600 ${open}`,
      },
    ]);
  });
});

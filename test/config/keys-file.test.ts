import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

const sha256 = (digit: string) => digit.repeat(64);

function load(keys: string | undefined, fields: object = {}) {
  const { folder, path, remove } = writeLiveConfig({
    detectors: {},
    policies: {},
    fields: { keys_file: "keys.yaml", ...fields },
  });
  onTestFinished(remove);
  if (keys !== undefined) writeFileSync(join(folder, "keys.yaml"), keys);
  return { config: () => loadConfig({ path, environment: {} }), file: join(folder, "keys.yaml") };
}

test("keys in a file of their own come after those of gateway.yaml", () => {
  const { config, file } = load(`- { id: two, sha256: ${sha256("b")} }`, {
    keys: [{ id: "one", sha256: sha256("a") }],
    default_limits: { concurrent: 3 },
  });
  expect(config().keys.map(({ id, limits }) => [id, limits])).toEqual([
    ["one", { concurrent: 3 }],
    ["two", { concurrent: 3 }],
  ]);
  expect(config().keysFile).toBe(file);
  // With keys the API may be open to others.
  const open = load(`- { id: two, sha256: ${sha256("b")} }`, { api: { host: "0.0.0.0", port: 0 } });
  expect(open.config().api.host).toBe("0.0.0.0");
});

test.each<[string, string | undefined, RegExp]>([
  ["is not there", undefined, /keys\.yaml: cannot be read: .*cure: correct keys_file/],
  ["is no list", "id: one", /keys\.yaml:1: /],
  ["has a key without a hash", "- { id: two }", /keys\.yaml:1 \[0\]\.sha256: /],
  [
    "has a key that gateway.yaml has",
    `\n- { id: one, sha256: ${sha256("b")} }`,
    /keys\.yaml:2 \[0\]\.id: another key has the same id/,
  ],
  [
    "names a policy that is not there",
    `- { id: two, sha256: ${sha256("b")}, policy: demo }`,
    /keys\.yaml:1 \[0\]\.policy: there is no policy "demo"/,
  ],
  ["is half written", "- { id: two, sha", /keys\.yaml:1: /],
])("a file that %s is a problem with its own file and line", (_what, keys, says) => {
  const { config } = load(keys, { keys: [{ id: "one", sha256: sha256("a") }] });
  expect(config).toThrow(says);
});

test("a fault among the keys of gateway.yaml itself is still told there", () => {
  const { config } = load(`- { id: two, sha256: ${sha256("b")} }`, {
    keys: [{ id: "one", sha256: sha256("a"), policy: "none" }],
  });
  expect(config).toThrow(/gateway\.yaml:\d+ keys\[0\]\.policy: there is no policy "none"/);
});

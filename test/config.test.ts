import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.ts";
import { writeFolder } from "./support/folder.ts";
import { problemsOf } from "./support/problems.ts";

const SHIPPED = fileURLToPath(new URL("../gateway.yaml", import.meta.url));

const HASH = "0a".repeat(32);

const SMALL = `model: models/small
default_policy: default
policies:
  default:
    detectors:
      cats: { action: flag }
`;

function writeGateway(text: string): string {
  return join(
    writeFolder({ "gateway.yaml": text, "detectors/cats.yaml": "", "detectors/dogs.yaml": "" }),
    "gateway.yaml",
  );
}
const load = (text: string, environment = {}) => loadConfig({ path: writeGateway(text), environment });
const refuse = async (text: string, environment = {}) =>
  (await problemsOf(() => load(text, environment))).map((problem) => problem.replace(/^\S*\//, ""));

describe("loadConfig", () => {
  it("fills defaults in: loopback, closed on errors, one token held", () => {
    const config = load(SMALL);
    expect(config).toMatchObject({
      precision: "fast",
      engine: { slots: 4, contextTokens: 2048, prefillChunkTokens: 64, waitingLimit: 32 },
      api: { host: "127.0.0.1", port: 8080, allowedHosts: [], allowedOrigins: [] },
      console: { host: "127.0.0.1", port: 8081 },
      defaultPolicy: "default",
      keys: [],
      limits: { bodyBytes: 1_048_576, depth: 32, maxStop: 4 },
      timeouts: { headersAfterMs: 10_000, heartbeatMs: 15_000 },
    });
    expect(config.policies["default"]).toEqual({
      name: "default",
      mode: "enforce",
      holdTokens: 1,
      onAbort: "finish",
      promptScope: "new",
      detectors: { cats: { action: "flag", onError: "closed" } },
    });
    expect(config.engine).not.toHaveProperty("threads");
  });

  it("takes paths from the folder of the file", () => {
    const path = writeGateway(`${SMALL}kinds: [kinds/own.mjs]\nstate_dir: state\ncache_dir: /tmp/cache\n`);
    const folder = join(path, "..");
    expect(loadConfig({ path, environment: {} })).toMatchObject({
      file: path,
      model: { name: "small", folder: join(folder, "models/small") },
      detectorsFolder: join(folder, "detectors"),
      kindModules: [join(folder, "kinds/own.mjs")],
      stateDir: join(folder, "state"),
      cacheDir: "/tmp/cache",
    });
  });

  it("is frozen to the bottom", () => {
    const config = load(SMALL);
    for (const part of [
      config,
      config.api,
      config.policies,
      config.policies["default"]?.detectors["cats"],
      config.keys,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("reads keys, with the moment from which they are refused", () => {
    const sha256 = "ab".repeat(32);
    const keys = `keys:\n  - { id: team, sha256: ${sha256}, policy: default, may_tighten: true, models: [small], expires: 2030-01-31 }\n`;
    expect(load(SMALL + keys).keys).toEqual([
      {
        id: "team",
        sha256,
        policy: "default",
        mayTighten: true,
        models: ["small"],
        expiresAt: Date.UTC(2030, 0, 31),
        disabled: false,
        limits: {},
      },
    ]);
  });

  it("gives a key the default limits, field by field, where it writes none", () => {
    const limits = "default_limits: { requests_per_minute: 60, concurrent: 4 }\n";
    const keys = `keys:\n  - { id: a, sha256: ${HASH}, limits: { requests_per_minute: 5, tokens_per_minute: 900 } }\n  - { id: b, sha256: ${"1b".repeat(32)} }\n`;
    const config = load(SMALL + limits + keys);
    expect(config.keys.map((key) => key.limits)).toEqual([
      { requestsPerMinute: 5, tokensPerMinute: 900, concurrent: 4 },
      { requestsPerMinute: 60, concurrent: 4 },
    ]);
    expect(config.defaultLimits).toEqual({ requestsPerMinute: 60, concurrent: 4 });
    expect(load(SMALL).defaultLimits).toEqual({});
  });

  it("lets the environment choose the ports", () => {
    const config = load(SMALL, { LENSGATE_PORT: "0", LENSGATE_CONSOLE_PORT: "9001" });
    expect([config.api.port, config.console.port]).toEqual([0, 9001]);
  });

  it("reports every problem at once, with file, line, field and cure", async () => {
    const text =
      SMALL.replace("action: flag", "action: flagged").replace("model:", "modle:") + "engine: { slots: 0 }\n";
    expect(await refuse(text)).toEqual([
      "gateway.yaml:1 model: is missing (cure: write text here)",
      "gateway.yaml:7 engine.slots: must be at least 1 (cure: make it at least 1)",
      'gateway.yaml:6 policies.default.detectors.cats.action: "flagged" is not one of observe, flag, abort (cure: did you mean "flag"?)',
      'gateway.yaml:1 modle: unknown key "modle" (cure: did you mean "model"?)',
    ]);
  });

  it.each([
    [
      "a detector that is not there",
      SMALL.replace("cats", "cast"),
      'gateway.yaml:6 policies.default.detectors.cast: there is no detector "cast" (cure: did you mean "cats"?)',
    ],
    [
      "a default policy that is not there",
      SMALL.replace("default_policy: default", "default_policy: defualt"),
      'gateway.yaml:2 default_policy: there is no policy "defualt" (cure: did you mean "default"?)',
    ],
    [
      "a key's policy that is not there",
      `${SMALL}keys: [{ id: a, sha256: ${HASH}, policy: demo }]\n`,
      'gateway.yaml:7 keys[0].policy: there is no policy "demo" (cure: use one of default)',
    ],
    [
      "a key that is no hash",
      `${SMALL}keys: [{ id: a, sha256: secret }]\n`,
      "gateway.yaml:7 keys[0].sha256: is not a sha256 (cure: write 64 lower-case hex digits: printf %s KEY | sha256sum)",
    ],
    [
      "a date that is none",
      `${SMALL}keys: [{ id: a, sha256: ${HASH}, expires: soon }]\n`,
      "gateway.yaml:7 keys[0].expires: is not a date (cure: write it like 2030-01-31)",
    ],
    [
      "an open API without keys",
      `${SMALL}api: { host: 0.0.0.0 }\n`,
      "gateway.yaml:7 api.host: 0.0.0.0 is open to others while there are no keys (cure: add a key under keys, or write host: 127.0.0.1)",
    ],
    [
      "two listeners on one port",
      `${SMALL}api: { port: 8081 }\n`,
      "gateway.yaml:1 console.port: api and console both listen on port 8081 (cure: give them two ports)",
    ],
    ["an empty section", `${SMALL}engine:\n`, "gateway.yaml:7 engine: must be a map, not empty (cure: write a map)"],
    [
      "a policy with a bad name",
      SMALL.replaceAll("default:", "De fault:"),
      expect.stringContaining("policies.De fault: is not a name"),
    ],
  ])("refuses %s", async (_, text, expected) => {
    expect(await refuse(text)).toContainEqual(expected);
  });

  it("refuses ports in the environment that are none", async () => {
    expect(await refuse(SMALL, { LENSGATE_PORT: "80a" })).toEqual([
      'LENSGATE_PORT: "80a" is not a port (cure: set it to a whole number from 0 to 65535, or unset it)',
    ]);
  });

  it("opens the API to others once there are keys", () => {
    expect(load(`${SMALL}api: { host: 0.0.0.0 }\nkeys: [{ id: a, sha256: ${HASH} }]\n`).api.host).toBe("0.0.0.0");
  });

  it("says when the file or the folder of detectors is not there", async () => {
    expect(await problemsOf(() => loadConfig({ path: "/nowhere/gateway.yaml", environment: {} }))).toEqual([
      expect.stringMatching(/^\/nowhere\/gateway\.yaml: cannot be read: .*cure: name the configuration with --config/),
    ]);
    const problems = await refuse(`${SMALL}detectors: elsewhere\n`);
    expect(problems).toEqual([expect.stringContaining("the folder of detectors cannot be read")]);
  });

  it("accepts the shipped gateway.yaml: ordinary traffic is only observed, demo aborts on a country in the generation", () => {
    const { policies, defaultPolicy } = loadConfig({ path: SHIPPED, environment: {} });
    expect(defaultPolicy).toBe("default");
    expect(Object.values(policies["default"]?.detectors ?? {}).map(({ action }) => action)).toEqual([
      "observe",
      "observe",
    ]);
    expect(policies["demo"]).toMatchObject({
      mode: "enforce",
      holdTokens: 1,
      detectors: {
        "country-channel": { action: "abort", positions: "generation", onError: "closed" },
        "audit-approval": { action: "observe" },
      },
    });
    expect(policies["flag-audit"]?.detectors["audit-approval"]?.action).toBe("flag");
    expect(policies["monitor-demo"]).toMatchObject({
      mode: "monitor",
      detectors: { "country-channel": { action: "abort" } },
    });
  });
});

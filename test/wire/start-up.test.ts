import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { onTestFinished, describe, expect, test } from "vitest";
import { runCommand, startGatewayProcess } from "../support/gateway-process.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { VENDORED_FOLDER } from "../support/prepared-model.ts";
import { ask, eventsOf } from "../support/wire-reply.ts";
import { openStream } from "../support/wire-stream.ts";

const GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf";
const TRUNCATED_BYTES = 3_000_000;

interface Fault {
  readonly what: string;
  /** Other fields of `gateway.yaml`. */
  readonly fields?: object;
  readonly detectors?: Readonly<Record<string, object>>;
  readonly policies?: Readonly<Record<string, object>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Changes what was written, and says what differs in the environment. */
  readonly spoil?: (folder: string) => void;
  /** Every one must be found in what it prints. */
  readonly says: readonly (RegExp | string)[];
}

const CONCEPT = {
  description: "A concept.",
  kind: "concept",
  options: { match: "whole", first_letter: "both", taps: ["23.attn_out"], combine: "max", words: ["audit"] },
  positions: "both",
  aggregate: { type: "max", window: 1 },
  threshold: 0,
  calibration: { status: "uncalibrated", note: "for tests" },
};
const concept = (fields: object) => ({ detectors: { broken: { ...CONCEPT, ...fields } } });

const FAULTS: readonly Fault[] = [
  {
    what: "an unknown key",
    fields: { precison: "fast" },
    says: [/gateway\.yaml:\d+ precison: .*unknown/i, /cure: .*precision/],
  },
  {
    what: "a value of a wrong type",
    fields: { engine: { slots: "many" } },
    says: [/gateway\.yaml:\d+ engine\.slots: /, "cure: "],
  },
  {
    what: "a policy that names an unknown detector",
    detectors: { "country-chanel": { at: { prompt: 0 } } },
    policies: { strict: { detectors: { "country-channel": { action: "abort" } } } },
    says: [/gateway\.yaml:\d+ policies\.strict\.detectors\.country-channel: there is no detector/, /country-chanel/],
  },
  {
    what: "a default policy that is not there",
    fields: { default_policy: "opne" },
    says: [/gateway\.yaml:\d+ default_policy: there is no policy "opne"/, /cure: .*open/],
  },
  {
    what: "a detector file that is no YAML",
    spoil: (folder) => writeFileSync(join(folder, "detectors", "broken.yaml"), "kind: concept\n  taps: [1\n"),
    says: [/detectors\/broken\.yaml:\d+/, "cure: "],
  },
  {
    what: "a detector of a kind that is not there",
    ...concept({ kind: "concpet" }),
    says: [/broken\.yaml:1 kind: there is no kind "concpet"/, /cure: .*concept/],
  },
  {
    what: "a detector at a tap that the model does not have",
    ...concept({ options: { ...CONCEPT.options, taps: ["99.attn_out"] } }),
    says: [/broken\.yaml:\d+ options\.taps/, /99/, "cure: "],
  },
  {
    what: "a concept whose words are no tokens",
    ...concept({ options: { ...CONCEPT.options, words: ["floccinaucinihilipilification"] } }),
    says: [/broken\.yaml:\d+ options\.words/, "cure: "],
  },
  {
    what: "a detector that was calibrated for another model",
    ...concept({
      calibration: {
        status: "calibrated",
        data: "some",
        false_alarm_rate: 0.01,
        model_sha256: "0".repeat(64),
        precision: "fast",
        format_version: 1,
        chat_template_sha256: null,
        background_sha256: null,
        lens: "logit",
      },
    }),
    says: [/broken\.yaml:\d+ calibration\.model_sha256: calibrated for 0{64}/, "cure: "],
  },
  {
    what: "a kind that does not load",
    fields: { kinds: ["kinds/missing.mjs"] },
    says: [/kinds\/missing\.mjs: /, "cure: "],
  },
  {
    what: "a model folder that is not there",
    fields: { model: "models/gpt-5" },
    says: [/models\/gpt-5\/model\.yaml: there is no model description/, "cure: "],
  },
  {
    what: "a model file with another hash than written",
    fields: { model: "model", cache_dir: "cache" },
    spoil: (folder) => writeModel(folder, { sha256: "0".repeat(64) }),
    says: [/SmolLM2.*\.gguf: sha256 is [0-9a-f]{64}, but model\.yaml says 0{64}/, "cure: "],
  },
  {
    what: "a truncated model file",
    fields: { model: "model", cache_dir: "cache" },
    spoil: (folder) => writeModel(folder, { bytes: TRUNCATED_BYTES }),
    says: [/SmolLM2.*\.gguf: .*(truncated|too short|ends|bytes)/, "cure: "],
  },
  {
    what: "a model file cut off in its header",
    fields: { model: "model", cache_dir: "cache" },
    spoil: (folder) => writeModel(folder, { bytes: 2_000 }),
    says: [/SmolLM2.*\.gguf: /, "cure: "],
  },
  {
    what: "a model file that is no GGUF",
    fields: { model: "model", cache_dir: "cache" },
    spoil: (folder) => writeModel(folder, { text: "<html>Not found</html>" }),
    says: [/SmolLM2.*\.gguf: .*GGUF/, "cure: "],
  },
  {
    what: "more context than the model was trained for",
    fields: { engine: { context_tokens: 100_000 } },
    says: [/engine\.context_tokens: the model was trained for 8192 positions/, "cure: set at most 8192"],
  },
  {
    what: "a cache folder that cannot be written",
    fields: { cache_dir: "file/cache" },
    spoil: (folder) => writeFileSync(join(folder, "file"), ""),
    says: [/file\/cache: the cache folder cannot be written/, "cure: make it writable"],
  },
  {
    what: "a state folder that cannot be written",
    fields: { state_dir: "file/state" },
    spoil: (folder) => writeFileSync(join(folder, "file"), ""),
    says: [/file\/state\/lensgate\.db: /, "cure: "],
  },
  {
    what: "a state database that is none",
    fields: { state_dir: "state" },
    spoil: (folder) => {
      mkdirSync(join(folder, "state"));
      writeFileSync(join(folder, "state", "lensgate.db"), "not a database, ".repeat(1000));
    },
    says: [/lensgate\.db: .*damaged/, "cure: "],
  },
  {
    what: "a port that is none",
    environment: { LENSGATE_PORT: "http" },
    says: [/LENSGATE_PORT: "http" is not a port/, "cure: "],
  },
  {
    what: "an address of others without a key",
    fields: { api: { host: "0.0.0.0", port: 0 } },
    says: [/gateway\.yaml:\d+ api\.host: 0\.0\.0\.0 is open to others while there are no keys/, "cure: "],
  },
];

describe("a start that cannot succeed says file, line, field and cure, and ends with status 1", () => {
  test.each(FAULTS)("$what", async ({ detectors = {}, policies = {}, fields = {}, environment = {}, spoil, says }) => {
    const { folder, path, remove } = writeLiveConfig({ detectors, policies, fields });
    onTestFinished(remove);
    spoil?.(folder);
    const { code, stdout, stderr } = await runCommand(["serve", "--config", path], { environment });
    for (const part of says) expect(stderr).toMatch(part);
    expect(code).toBe(1);
    // No address is promised, and no stack trace is shown.
    expect(stdout).not.toContain("http://");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each(["api", "console"])("the port of the %s is in use", async (name) => {
    const { path, remove } = writeLiveConfig({ detectors: {}, policies: {} });
    onTestFinished(remove);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void squatter.close());
    const address = squatter.address();
    const port = typeof address === "object" && address ? String(address.port) : "";
    const environment = { [name === "api" ? "LENSGATE_PORT" : "LENSGATE_CONSOLE_PORT"]: port };
    const { code, stdout, stderr } = await runCommand(["serve", "--config", path], { environment });
    expect(stderr).toContain(`${name} cannot listen on 127.0.0.1:${port}: the port is in use`);
    expect(stderr).toContain(`cure: stop the other program, or set ${name}.port`);
    expect(code).toBe(1);
    expect(stdout).not.toContain("http://");
  });

  test("a configuration that is not there", async () => {
    const { code, stderr } = await runCommand(["serve", "--config", "/nowhere/gateway.yaml"]);
    expect(stderr).toMatch(/\/nowhere\/gateway\.yaml: cannot be read/);
    expect([code, stderr.includes("cure: ")]).toEqual([1, true]);
  });
});

test("a gateway that is told to stop lets a live reply finish, takes no new one, and leaves with status 0", async () => {
  const { path, remove } = writeLiveConfig({ detectors: {}, policies: {} });
  onTestFinished(remove);
  const gateway = await startGatewayProcess(path);
  expect(gateway.stdout()).toMatch(/^API +http:.*\nConsole +http:/);
  const stream = await openStream(gateway, { content: "Tell me a very long story.", fields: { max_tokens: 60 } });
  await stream.readTokens(2);
  const exit = gateway.end("SIGTERM");
  await stream.readTokens(6);
  await expect(ask(gateway, { content: "Hi" })).rejects.toThrow();
  await stream.readToEnd();
  expect(stream.tokens).toBe(60);
  expect(eventsOf(stream.text).at(-1)).toBe("[DONE]");
  expect(await exit).toMatchObject({ code: 0 });
});

/** A model folder like the vendored one, with one thing wrong. */
function writeModel(folder: string, wrong: { sha256?: string; bytes?: number; text?: string }): void {
  const model = join(folder, "model");
  mkdirSync(model);
  symlinkSync(join(VENDORED_FOLDER, "lens"), join(model, "lens"));
  const vendored = join(VENDORED_FOLDER, GGUF);
  const description = readFileSync(join(VENDORED_FOLDER, "model.yaml"), "utf8");
  const [own = ""] = /(?<=\.gguf:\s+sha256: )[0-9a-f]{64}/.exec(description) ?? [];
  let sha256 = wrong.sha256;
  if (sha256 !== undefined) symlinkSync(vendored, join(model, GGUF));
  else {
    const bytes = wrong.text ? Buffer.from(wrong.text) : readFileSync(vendored).subarray(0, wrong.bytes);
    writeFileSync(join(model, GGUF), bytes);
    sha256 = createHash("sha256").update(bytes).digest("hex");
  }
  writeFileSync(join(model, "model.yaml"), description.replace(own, sha256));
}

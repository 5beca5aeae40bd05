import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, describe, expect, test } from "vitest";
import { runCommand, startGatewayProcess } from "../support/gateway-process.ts";
import { LIVE_MODEL, writeLiveConfig } from "../support/live-gateway.ts";
import { occupyPort } from "../support/occupied-port.ts";
import { writeSpoiledModel, type Spoiled } from "../support/spoiled-model.ts";
import { ask, eventsOf } from "../support/wire-reply.ts";
import { openStream } from "../support/wire-stream.ts";

interface Fault {
  readonly what: string;
  /** Other fields of `gateway.yaml`. */
  readonly fields?: object;
  readonly policies?: Readonly<Record<string, object>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly spoil?: (folder: string) => void;
  /** All of it must be found in what is printed. */
  readonly says: readonly (RegExp | string)[];
}

const spoiledModel = (what: string, spoiled: Spoiled, says: RegExp): Fault => ({
  what,
  fields: { model: LIVE_MODEL, cache_dir: "cache" },
  spoil: (folder) => writeSpoiledModel(folder, spoiled),
  says: [/^\S+\/SmolLM2\S+\.gguf: /, says],
});

const FAULTS: readonly Fault[] = [
  {
    what: "an unknown configuration key",
    fields: { precison: "fast" },
    says: [/^\S+\/gateway\.yaml:\d+ precison: .*unknown/i, /cure: .*precision/],
  },
  {
    what: "a policy that names an unknown detector",
    policies: { strict: { detectors: { "frist-word": { action: "abort" } } } },
    says: [
      /^\S+\/gateway\.yaml:\d+ policies\.strict\.detectors\.frist-word: there is no detector/,
      /cure: .*first-word/,
    ],
  },
  {
    what: "an invalid detector file",
    spoil: (folder) => writeFileSync(join(folder, "detectors", "broken.yaml"), "description: x\nkind: concpet\n"),
    says: [
      /^\S+\/detectors\/broken\.yaml:2 kind: there is no kind "concpet" \(cure: .*concept/m,
      /^\S+\/detectors\/broken\.yaml(:\d+)? threshold: is missing/m,
    ],
  },
  spoiledModel(
    "a wrong model hash",
    { sha256: "ab".repeat(32) },
    /: sha256 is [0-9a-f]{64}, but model\.yaml says (ab){32}/,
  ),
  spoiledModel("a truncated GGUF", { bytes: 3_000_000 }, /(truncated|ends|bytes)/),
  {
    what: "a cache folder that cannot be written",
    fields: { cache_dir: "file/cache" },
    spoil: (folder) => writeFileSync(join(folder, "file"), ""),
    says: [/^\S+\/file\/cache: the cache folder cannot be written/, "cure: make it writable"],
  },
  {
    what: "a port that is none",
    environment: { LENSGATE_PORT: "http" },
    says: [/^LENSGATE_PORT: "http" is not a port/],
  },
];

describe("a start that cannot succeed says file, line, field and cure, and ends with status 1", () => {
  test.each(FAULTS)("$what", async ({ policies = {}, fields = {}, environment = {}, spoil, says }) => {
    const { folder, path, remove } = writeLiveConfig({
      detectors: { "first-word": { at: { prompt: 0 } } },
      policies,
      fields,
    });
    onTestFinished(remove);
    spoil?.(folder);
    expectRefusal(await runCommand(["serve", "--config", path], { environment }), says);
  });

  test.each(["api", "console"])("the port of the %s is in use", async (name) => {
    const { path, remove } = writeLiveConfig({ detectors: {}, policies: {} });
    onTestFinished(remove);
    const { port } = await occupyPort();
    const environment = { [name === "api" ? "LENSGATE_PORT" : "LENSGATE_CONSOLE_PORT"]: String(port) };
    const answer = await runCommand(["serve", "--config", path], { environment });
    expectRefusal(answer, [`${name} cannot listen on 127.0.0.1:${port}: the port is in use`, `or set ${name}.port`]);
  });

  test("a configuration that is not there", async () => {
    const answer = await runCommand(["serve", "--config", "/nowhere/gateway.yaml"]);
    expectRefusal(answer, [/^\/nowhere\/gateway\.yaml: cannot be read/]);
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

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function expectRefusal({ code, stdout, stderr }: Answer, says: Fault["says"]): void {
  for (const part of says) expect(stderr).toMatch(part);
  expect(stderr).toContain("(cure: ");
  expect(code).toBe(1);
  // No address is promised, and no stack trace is shown.
  expect(stdout).not.toContain("http://");
  expect(stderr).not.toMatch(/^\s+at /m);
}

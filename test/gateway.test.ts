import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { ConfigError } from "../src/errors.ts";
import { startGateway } from "../src/gateway.ts";
import { openDatabase } from "../src/trace/database.ts";
import { createTraceStore } from "../src/trace/trace-store.ts";
import { sampleEvidence, sampleHead } from "./conformance/samples.ts";
import { logIn } from "./support/console-login.ts";
import { LIVE_MODEL, noteLog, startLive, writeLiveConfig, type LiveOptions } from "./support/live-gateway.ts";
import { occupyPort } from "./support/occupied-port.ts";
import { writeSpoiledModel } from "./support/spoiled-model.ts";
import { ask, until } from "./support/wire-reply.ts";

const NOTHING: LiveOptions = { detectors: {}, policies: {} };

const CONCEPT = {
  description: "A concept.",
  kind: "concept",
  options: { match: "whole", first_letter: "both", taps: ["23.attn_out"], combine: "max", words: ["audit"] },
  positions: "both",
  aggregate: { type: "max", window: 1 },
  threshold: 0,
  calibration: { status: "uncalibrated", note: "for tests" },
};
const FOREIGN_CALIBRATION = {
  status: "calibrated",
  data: "some",
  false_alarm_rate: 0.01,
  model_sha256: "ab".repeat(32),
  precision: "fast",
  format_version: 1,
  chat_template_sha256: null,
  background_sha256: null,
  lens: "logit",
};

interface Fault {
  readonly what: string;
  readonly broken?: object;
  readonly fields?: object;
  readonly spoil?: (folder: string) => void;
  readonly says: RegExp;
}

const option = (what: string, options: object, says: RegExp): Fault => ({
  what,
  broken: { ...CONCEPT, options: { ...CONCEPT.options, ...options } },
  says,
});

const FAULTS: readonly Fault[] = [
  option("a tap that the model does not have", { taps: ["99.attn_out"] }, /broken\.yaml:\d+ options\.taps\S*: .*99/),
  option("words that are no tokens", { words: ["floccinaucinihil"] }, /broken\.yaml:\d+ options\.words\S*: /),
  {
    what: "a detector that was calibrated for another model",
    broken: { ...CONCEPT, calibration: FOREIGN_CALIBRATION },
    says: /broken\.yaml:\d+ calibration\.model_sha256: calibrated for (ab){32}, but [0-9a-f]{64} is loaded/,
  },
  { what: "a kind that is not there", fields: { kinds: ["missing.mjs"] }, says: /missing\.mjs: / },
  { what: "a model that is not there", fields: { model: "gpt-5" }, says: /gpt-5\/model\.yaml: there is no model/ },
  {
    what: "a model file cut off in its header",
    fields: { model: LIVE_MODEL, cache_dir: "cache" },
    spoil: (folder) => writeSpoiledModel(folder, { bytes: 2_000 }),
    says: /\.gguf: /,
  },
  {
    what: "a model file that is no GGUF",
    fields: { model: LIVE_MODEL, cache_dir: "cache" },
    spoil: (folder) => writeSpoiledModel(folder, { text: "<html>Not found</html>" }),
    says: /\.gguf: .*GGUF/,
  },
  {
    what: "a background with another hash than written",
    fields: { model: LIVE_MODEL },
    spoil: (folder) => writeSpoiledModel(folder, { background: "{}" }),
    says: /background\.json: .*sha256/,
  },
  {
    what: "more context than the model was trained for",
    fields: { engine: { context_tokens: 100_000 } },
    says: /engine\.context_tokens: the model was trained for 8192 positions, 100000 are configured/,
  },
  {
    what: "a state folder that is a file",
    fields: { state_dir: "file/state" },
    spoil: (folder) => writeFileSync(join(folder, "file"), ""),
    says: /file\/state\/lensgate\.db: /,
  },
  {
    what: "a state database that is none",
    spoil(folder) {
      mkdirSync(join(folder, "state"));
      writeFileSync(join(folder, "state", "lensgate.db"), "not a database, ".repeat(1_000));
    },
    says: /lensgate\.db: .*damaged/,
  },
];

/** A configuration that goes when the test ends. */
function configure(options: LiveOptions) {
  const written = writeLiveConfig(options);
  onTestFinished(written.remove);
  return { ...written, config: loadConfig({ path: written.path, environment: {} }) };
}

describe("a gateway does not start with", () => {
  test.each(FAULTS)("$what", async ({ broken, fields = {}, spoil, says }) => {
    const { folder, config } = configure({ ...NOTHING, detectors: broken ? { broken } : {}, fields });
    spoil?.(folder);
    const error: unknown = await startGateway({ config, log: noteLog([]) }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(says);
    expect(String(error)).toContain("(cure: ");
  });

  test("a port in use, and then it lets go of everything it had", async () => {
    const { port, release } = await occupyPort();
    const { config } = configure({ ...NOTHING, fields: { console: { port } } });
    await expect(startGateway({ config, log: noteLog([]) })).rejects.toThrow(
      /^console cannot listen on 127\.0\.0\.1:\d+/,
    );
    await release();
    const gateway = await startGateway({ config, log: noteLog([]) });
    expect(gateway.console.port).toBe(port);
    await gateway.stop();
  });
});

test("a gateway that starts queues what a dead process left open", async () => {
  const { folder, config } = configure(NOTHING);
  const before = openDatabase({ folder: join(folder, "state") });
  await createTraceStore(before).open(sampleHead(1), sampleEvidence());
  before.close();
  const lines: string[] = [];
  const gateway = await startGateway({ config, log: noteLog(lines) });
  const { headers } = await logIn(gateway.console.url);
  const answer = await fetch(`${gateway.console.url}/api/review/items`, { headers });
  const items = (await answer.json()) as { items: object[] };
  expect(items.items).toMatchObject([{ traceId: sampleHead(1).id, state: "waiting", traceState: "interrupted" }]);
  expect(lines.join("\n")).toMatch(/an earlier process left flagged runs behind/);
  await gateway.stop();
});

test("a gateway serves probes on both listeners, and stops once however often it is told", async () => {
  const live = await startLive(NOTHING);
  const probes = [live.api, live.console].flatMap((url) => [`${url}/livez`, `${url}/readyz`]);
  expect(await Promise.all(probes.map(async (url) => (await fetch(url)).status))).toEqual([200, 200, 200, 200]);
  expect(live.gateway.engine.status()).toMatchObject({ state: "ready", running: 0, slots: 4 });
  await Promise.all([live.gateway.stop(), live.gateway.stop()]);
  expect(live.gateway.engine.status().state).toBe("closed");
  await expect(fetch(`${live.api}/livez`)).rejects.toThrow();
  await expect(fetch(`${live.console}/livez`)).rejects.toThrow();
  await live.stop();
});

test("a gateway that stops cuts what outlasts the grace period, and records it", async () => {
  const live = await startLive({
    detectors: { first: { at: { generated: 0 } } },
    policies: { flag: { detectors: { first: { action: "flag" } } } },
    fields: { timeouts: { drain_ms: 300 } },
  });
  const fields = { max_tokens: 1_000 };
  const answer = ask(live, { content: "Tell me a very long story.", policy: "flag", stream: true, fields }).catch(
    (error: unknown) => error,
  );
  const { id } = await until(() => live.records.prepare<{ id: string }>("SELECT id FROM traces").get());
  await live.gateway.stop();
  expect(await answer).toBeInstanceOf(Error);
  expect(live.lines.join("\n")).toMatch(/live replies outlasted the grace period and were cut/);
  expect(await live.traces.get(id)).toMatchObject({ state: "interrupted", queued: true });
  expect(await live.queue.get(id)).toMatchObject({ state: "waiting" });
  await live.stop();
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig, type Config } from "../../src/config.ts";
import { startGateway, type Gateway } from "../../src/gateway.ts";
import type { Logger } from "../../src/log.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import type { QueuedItem, ReviewQueue } from "../../src/queue/queue.ts";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import type { Database } from "../../src/trace/database.ts";
import type { ScoreLog, TraceStore } from "../../src/trace/stores.ts";
import { TEST_CACHE, VENDORED_FOLDER } from "./prepared-model.ts";

const SCRIPTED_KIND = fileURLToPath(new URL("../fixtures/kinds/scripted.mjs", import.meta.url));
const SHIPPED_CONFIG = fileURLToPath(new URL("../../gateway.yaml", import.meta.url));

/** The model's name on the API. */
export const LIVE_MODEL = "smollm2-135m-instruct";

/** A running gateway on the real model, and a second connection to what it records. */
export interface LiveGateway {
  readonly api: string;
  readonly console: string;
  readonly gateway: Gateway;
  /** Where `gateway.yaml` and the folder `detectors` lie. */
  readonly folder: string;
  readonly config: Config;
  readonly records: Database;
  readonly traces: TraceStore;
  readonly scores: ScoreLog;
  readonly queue: ReviewQueue;
  /** The review item of a trace: its own, or the one of another that is alike. */
  itemOf(traceId: string): Promise<QueuedItem | undefined>;
  /** What was logged: level, facts and message. */
  readonly lines: readonly string[];
  /** The value of one line of `/metrics`, named with its labels. */
  metric(line: string): Promise<number>;
  stop(): Promise<void>;
}

/** What a test's configuration says; everything else is the default of `gateway.yaml`. */
export interface LiveOptions {
  /** Definitions by id; those that name no kind are of the kind `scripted`, and hold its options alone. */
  readonly detectors: Readonly<Record<string, object>>;
  readonly policies: Readonly<Record<string, object>>;
  /** Other fields of the file. */
  readonly fields?: object;
}

/** The policy that every other one is stricter than: a request may choose any. */
export const OPEN_POLICY = { mode: "monitor", hold_tokens: 0, detectors: {} };

/** Writes a configuration into a new folder; `remove` takes it away. */
export function writeLiveConfig({ detectors, policies, fields = {} }: LiveOptions) {
  const folder = mkdtempSync(join(tmpdir(), "lensgate-live-"));
  mkdirSync(join(folder, "detectors"));
  for (const [id, definition] of Object.entries(detectors)) {
    // JSON is YAML.
    writeFileSync(join(folder, "detectors", `${id}.yaml`), JSON.stringify(toDefinition(definition)));
  }
  const path = join(folder, "gateway.yaml");
  const file = {
    model: VENDORED_FOLDER,
    api: { port: 0 },
    console: { port: 0 },
    kinds: [SCRIPTED_KIND],
    default_policy: "open",
    policies: { open: OPEN_POLICY, ...policies },
    cache_dir: TEST_CACHE,
    state_dir: join(folder, "state"),
    ...fields,
  };
  writeFileSync(path, JSON.stringify(file, null, 2));
  return { folder, path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A definition as it is written; one that names no kind is of the kind `scripted`, and these are its options. */
export function toDefinition(definition: object): object {
  if ("kind" in definition) return definition;
  return {
    description: "Does what a test wrote down.",
    kind: "scripted",
    options: definition,
    positions: "both",
    aggregate: { type: "max", window: 1 },
    threshold: 0.5,
    calibration: { status: "uncalibrated", note: "for tests" },
  };
}

/** Starts a gateway on the real model with a configuration of the test's own. */
export async function startLive(options: LiveOptions): Promise<LiveGateway> {
  const { path, remove } = writeLiveConfig(options);
  try {
    const load = () => loadConfig({ path, environment: {} });
    return await serveLive(load(), remove, load);
  } catch (error) {
    remove();
    throw error;
  }
}

/** Starts a gateway with the shipped `gateway.yaml`, on free ports and with a state folder of its own. */
export async function startShipped(): Promise<LiveGateway> {
  const stateDir = mkdtempSync(join(tmpdir(), "lensgate-live-"));
  const environment = { LENSGATE_PORT: "0", LENSGATE_CONSOLE_PORT: "0" };
  const config = { ...loadConfig({ path: SHIPPED_CONFIG, environment }), cacheDir: TEST_CACHE, stateDir };
  return serveLive(config, () => rmSync(stateDir, { recursive: true, force: true }));
}

async function serveLive(config: Config, remove: () => void, reload?: () => Config): Promise<LiveGateway> {
  const lines: string[] = [];
  const gateway = await startGateway({ config, log: noteLog(lines), ...(reload ? { reload } : {}) });
  const stores = openLocalStores({ folder: config.stateDir ?? "", mustExist: true });
  const records = stores.database;
  const queue = createEmbeddedQueue({ database: records });
  return {
    api: gateway.api.url,
    console: gateway.console.url,
    gateway,
    folder: dirname(config.file),
    config,
    records,
    traces: stores.traces,
    scores: stores.scores,
    queue,
    itemOf: async (traceId) => queue.get((await queue.itemOf(traceId)) ?? traceId),
    lines,
    async metric(line) {
      const text = await (await fetch(`${gateway.console.url}/metrics`)).text();
      const found = text.split("\n").find((each) => each.startsWith(`${line} `));
      if (found === undefined) throw new Error(`there is no series ${line}`);
      return Number(found.slice(line.length + 1));
    },
    async stop() {
      await gateway.stop();
      records.close();
      remove();
    },
  };
}

/** A logger that keeps its lines. */
export function noteLog(lines: string[]): Logger {
  const at = (level: string) =>
    ((facts: { readonly err?: unknown }, message: string) => {
      const cause = facts.err instanceof Error ? facts.err.message : "";
      lines.push(`${level} ${message} ${cause} ${JSON.stringify(facts)}`);
    }) as Logger["info"];
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

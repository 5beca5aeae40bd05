import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { openLiveFiles, type LiveFiles } from "./live-files.ts";
import { writeLiveConfig } from "./live-gateway.ts";
import { startReloadLoad } from "./reload-load.ts";
import { ask, until } from "./wire-reply.ts";

/** What a campaign came to. */
export interface ReloadReport {
  /** Reloads that were asked for: those that took on something, and those that a broken file refused. */
  readonly loaded: number;
  readonly refused: number;
  /** Of those that were loaded: with a second engine. */
  readonly heavy: number;
  readonly requests: number;
  readonly failed: readonly string[];
  /** Milliseconds from the change to the metric, by kind. */
  readonly lightMs: number[];
  readonly heavyMs: number[];
  /** Resident megabytes of the gateway before the first reload, and once the last earlier engine is closed. */
  readonly residentMb: readonly [before: number, after: number];
}

/** How many reloads, under how many callers. */
export interface ReloadOptions {
  readonly reloads: number;
  readonly clients: number;
  readonly environment?: Readonly<Record<string, string>>;
}

const KEYS = { always: "sk-always-there", guest: "sk-now-and-then" } as const;
const hashed = (key: string) => createHash("sha256").update(key).digest("hex");
const ALWAYS = { id: "always", sha256: hashed(KEYS.always), may_tighten: true };
const GUEST = { id: "guest", sha256: hashed(KEYS.guest), may_tighten: true };

const STOPS = { hold_tokens: 1, detectors: { stop: { action: "abort", positions: "generation" } } };
const DETECTORS = { stop: { at: { generated: 2 } }, other: { at: { generated: 500 } } };
const WATCHES = { mode: "monitor", hold_tokens: 0, detectors: { other: { action: "observe" } } };

/** What makes the next read fail; the files of before are put back by the caller. */
const BREAKS: readonly ((files: LiveFiles) => void)[] = [
  (files) => files.setText("policies: ["),
  (files) => files.setFields({ polices: {} }),
  (files) => files.setDetectorText("stop", "kind: ["),
  (files) => files.setFields({ engine: { slots: 3 } }),
  (files) => files.setFields({ policies: { open: { detectors: { nowhere: { action: "flag" } } }, stops: STOPS } }),
];

/** Changes the files of a gateway under load again and again, every tenth time into something that cannot be loaded. */
export async function runReloadCampaign({ reloads, clients, environment }: ReloadOptions): Promise<ReloadReport> {
  const { path, folder, remove } = writeLiveConfig({
    detectors: DETECTORS,
    policies: { stops: STOPS, watches: WATCHES },
    fields: { keys: [ALWAYS], engine: { context_tokens: 256, waiting_limit: 64 }, reload: { poll_ms: 100 } },
  });
  const gateway = await startGatewayProcess(path, { environment: { LENSGATE_LOG_LEVEL: "silent", ...environment } });
  await ask(gateway, { content: "Hello.", headers: { authorization: `Bearer ${KEYS.always}` } });
  const before = residentMb(gateway);
  const load = startReloadLoad(gateway, clients, KEYS.always);
  const report = { loaded: 0, refused: 0, heavy: 0, lightMs: [] as number[], heavyMs: [] as number[] };
  const files = openLiveFiles(folder);
  try {
    for (let number = 1; number <= reloads; number += 1) {
      if (number % 10 === 0) await refuseOne({ gateway, files, number });
      else await loadOne({ gateway, files, number }, report);
      report[number % 10 === 0 ? "refused" : "loaded"] += 1;
    }
    await load.stop();
    // Earlier engines are closed once their last reply has ended.
    await wait(5_000);
    const { requests, failed } = load;
    return { ...report, requests, failed, residentMb: [before, residentMb(gateway)] };
  } finally {
    await load.stop();
    await gateway.end("SIGTERM");
    remove();
  }
}

interface Step {
  readonly gateway: GatewayProcess;
  readonly files: LiveFiles;
  readonly number: number;
}

/** A change that is right: every fifth one is of a detector, the others of keys, limits and policies in turn. */
async function loadOne(
  { gateway, files, number }: Step,
  report: Pick<ReloadReport, "lightMs" | "heavyMs"> & { heavy: number },
) {
  const before = await stateOf(gateway);
  const began = performance.now();
  const isHeavy = number % 5 === 0 || number % 10 === 3;
  const hasGuest = number % 2 === 0;
  if (isHeavy) files.setDetector("other", { at: { generated: 500 + number } });
  else if (number % 3 === 0) files.setFields({ limits: { max_stop: number % 60 } });
  else files.setFields({ keys: hasGuest ? [ALWAYS, GUEST] : [ALWAYS], default_limits: { concurrent: 50 + number } });
  if (number % 4 === 0) gateway.child.kill("SIGHUP");
  await until(async () => {
    const { hash, successful } = await stateOf(gateway);
    return successful === 1 && hash !== before.hash;
  }, 120_000);
  report[isHeavy ? "heavyMs" : "lightMs"].push(performance.now() - began);
  if (isHeavy) report.heavy += 1;
  else if (number % 3 !== 0) await expectGuest(gateway, hasGuest);
}

/** The next request is served, or refused, by what was loaded. */
async function expectGuest(gateway: GatewayProcess, hasGuest: boolean): Promise<void> {
  const headers = { authorization: `Bearer ${KEYS.guest}` };
  const { status } = await ask(gateway, { content: "Hello.", fields: { max_tokens: 1 }, headers });
  if (status !== (hasGuest ? 200 : 401))
    throw new Error(`a guest ${hasGuest ? "with" : "without"} a key gets ${status}`);
}

/** A broken file: the metric says so, what served goes on, and mending the file ends it. */
async function refuseOne({ gateway, files, number }: Step): Promise<void> {
  const before = await stateOf(gateway);
  const good = files.readText();
  BREAKS[(number / 10) % BREAKS.length]?.(files);
  if (number % 20 === 0) gateway.child.kill("SIGHUP");
  await until(async () => (await stateOf(gateway)).successful === 0, 60_000);
  const { hash } = await stateOf(gateway);
  if (hash !== before.hash) throw new Error(`a file that cannot be loaded changed ${before.hash} into ${hash}`);
  files.setText(good);
  files.setDetector("stop", DETECTORS.stop);
  await until(async () => (await stateOf(gateway)).successful === 1, 60_000);
}

function residentMb({ processId }: GatewayProcess): number {
  const status = readFileSync(`/proc/${processId}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

async function stateOf({ console }: GatewayProcess) {
  const text = await (await fetch(`${console}/metrics`)).text();
  return {
    hash: /^oversight_config_hash_info\{hash="(\w+)"\} 1$/m.exec(text)?.[1],
    successful: Number(/^oversight_config_last_reload_successful (\d)$/m.exec(text)?.[1]),
  };
}

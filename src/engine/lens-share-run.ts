import { fork, type ChildProcess } from "node:child_process";
import { freemem } from "node:os";
import { fileURLToPath } from "node:url";
import type { Logger } from "../log.ts";
import type { EngineStatus } from "./engine.ts";
import type { LensShares } from "./lens-share.ts";
import type { WorkerSettings } from "./messages.ts";

export interface LensShareRunOptions {
  readonly settings: WorkerSettings;
  readonly status: () => Pick<EngineStatus, "state" | "running" | "waiting">;
  readonly onShares: (shares: LensShares) => void;
  readonly log: Pick<Logger, "info" | "warn">;
  /** How long the engine must have had nothing to do before (10 s). */
  readonly idleMs?: number;
  /** After which time it is measured even if the engine always has something to do (5 minutes). */
  readonly latestMs?: number;
  /** Bytes that are free; less than a gigabyte is too little for two more copies of the weights. */
  readonly freeBytes?: () => number;
}

const LEAST_FREE_BYTES = 1_000_000_000;
/** A machine that is so busy that this is not enough has other worries. */
const LIMIT_MS = 600_000;

/**
 * Measures once, in a process of its own at a low priority, when the engine has had nothing to do for a while; at the latest a few minutes
 * after it became ready, since processor time is compared, and under steady traffic there is no pause. `close` ends it at once.
 */
export function startLensShareRun(options: LensShareRunOptions): { close(): void } {
  const { status, log, idleMs = 10_000, latestMs = 300_000, freeBytes = freemem } = options;
  let child: ChildProcess | undefined;
  let closed = false;
  let [idle, ready] = [0, 0];
  const checks = 10;
  const latest = (latestMs / idleMs) * checks;
  const timer = setInterval(() => {
    const { state, running, waiting } = status();
    if (state === "ready") ready += 1;
    idle = state === "ready" && running + waiting === 0 ? idle + 1 : 0;
    if (idle < checks && ready < latest) return;
    clearInterval(timer);
    if (freeBytes() < LEAST_FREE_BYTES) {
      log.info({ freeBytes: freeBytes() }, "what oversight costs is not measured: less than a gigabyte is free");
      return;
    }
    child = measure(options, () => closed);
  }, idleMs / checks);
  timer.unref();
  return {
    close() {
      closed = true;
      clearInterval(timer);
      child?.kill("SIGKILL");
    },
  };
}

function measure({ settings, onShares, log }: LensShareRunOptions, isClosed: () => boolean): ChildProcess {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = new URL(isSource ? "./lens-share-process.ts" : "./lens-share-process.js", import.meta.url);
  const child = fork(fileURLToPath(entry), [], {
    serialization: "advanced",
    execArgv: isSource ? ["--import", "tsx"] : [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let told = false;
  child.once("message", (shares: LensShares) => {
    told = true;
    onShares(shares);
    log.info(shares, "measured what share of a pass reading the taps takes");
  });
  child.once("error", (error) => log.warn({ err: error }, "what oversight costs could not be measured"));
  child.once("exit", (code, signal) => {
    if (!told && !isClosed()) log.warn({ code, signal }, "what oversight costs could not be measured");
  });
  child.send(settings, () => undefined);
  child.unref();
  child.channel?.unref();
  return child;
}

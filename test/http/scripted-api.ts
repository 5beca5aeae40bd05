import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { onTestFinished } from "vitest";
import type { Policy } from "../../src/decide/policy.ts";
import type { Engine, EngineStatus, GenerateRequest, Run, RunEvent } from "../../src/engine/engine.ts";
import { startListener } from "../../src/http/listener.ts";
import type { AuthDecision, RequestOutcome, RunReport, ServingObserver } from "../../src/http/observer.ts";
import type { PublicOptions } from "../../src/http/options.ts";
import { createPublicApp } from "../../src/http/public-app.ts";
import type { Logger } from "../../src/log.ts";
import { createPromptEncoder, type PromptEncoder } from "../../src/model/prompt.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createRecorder } from "../../src/trace/recorder.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";
import { promptJudged, released, runEnd } from "../trace/scripted-run.ts";

export const MODEL = "smollm2-135m-instruct";

/** The events of one run, or a run of its own making. */
export type Script = readonly RunEvent[] | ((request: GenerateRequest) => Run);

const rule = { action: "observe", onError: "closed" } as const;
const base: Policy = {
  name: "default",
  mode: "enforce",
  holdTokens: 1,
  onAbort: "finish",
  promptScope: "new",
  detectors: { "country-channel": rule, "audit-approval": rule },
};
const demo: Policy = {
  ...base,
  name: "demo",
  detectors: { ...base.detectors, "country-channel": { action: "abort", positions: "generation", onError: "closed" } },
};

export const POLICIES: Readonly<Record<string, Policy>> = {
  default: base,
  demo,
  strict: { ...demo, name: "strict", onAbort: "error", holdTokens: 4 },
  monitor: { ...demo, name: "monitor", mode: "monitor" },
};

/** A reply of two tokens that ends by itself. */
export const HELLO: readonly RunEvent[] = [
  promptJudged,
  released("Hello"),
  released(" there"),
  runEnd("stop", {
    releasedTokens: 2,
    decision: { action: "continue" },
    generated: [
      { id: 0, text: "Hello" },
      { id: 1, text: " there" },
    ],
    scores: [],
  }),
];

/** A run that stays at its last event until it is cancelled. */
export function stalledRun(events: readonly RunEvent[], onCancel: () => void = () => undefined): Run {
  let cancel = (): void => undefined;
  const cancelled = new Promise<void>((resolve) => (cancel = resolve));
  return {
    cancel() {
      onCancel();
      cancel();
    },
    async *[Symbol.asyncIterator]() {
      yield* events;
      await cancelled;
      yield runEnd("cancelled");
    },
  };
}

/** An engine that plays a script for every request, one event a turn of the event loop. */
export function scriptedEngine(script: Script, status: Partial<EngineStatus> = {}) {
  const requests: GenerateRequest[] = [];
  const cancels: string[] = [];
  const engine: Engine = {
    model: {
      name: MODEL,
      sha256: "ab".repeat(32),
      precision: "fast",
      formatVersion: 1,
      layers: 30,
      hidden: 576,
      vocabulary: 49_152,
      contextTokens: 2048,
    },
    generate(request) {
      requests.push(request);
      if (typeof script === "function") return script(request);
      return {
        cancel: () => void cancels.push(request.id),
        async *[Symbol.asyncIterator]() {
          for (const event of script) {
            await new Promise(setImmediate);
            yield event;
          }
        },
      };
    },
    read() {
      throw new Error("the API does not read");
    },
    status: () => ({ state: "ready", slots: 4, running: 0, waiting: 0, restarts: 0, ...status }),
    close: async () => undefined,
  };
  return { engine, requests, cancels };
}

/** What an observer was told, in order. */
export function notingObserver() {
  const outcomes: RequestOutcome[] = [];
  const runs: RunReport[] = [];
  const decisions: AuthDecision[] = [];
  const rejections: string[] = [];
  let started = 0;
  const observer: ServingObserver = {
    requestStarted: () => void (started += 1),
    requestEnded: (outcome) => void outcomes.push(outcome),
    runEnded: (report) => void runs.push(report),
    authDecided: (decision) => void decisions.push(decision),
    rejected: (reason) => void rejections.push(reason),
  };
  return { observer, outcomes, runs, decisions, rejections, started: () => started };
}

/** A logger that keeps its lines with their level. */
export function notingLog() {
  const lines: Record<string, unknown>[] = [];
  const at = (level: string) =>
    ((fields: object, message: string) => void lines.push({ level, message, ...fields })) as Logger["info"];
  const log: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { log, lines };
}

let encoder: Promise<PromptEncoder> | undefined;

/** The vendored model's encoder, made once a test file. */
function openEncoder(): Promise<PromptEncoder> {
  encoder ??= vendoredVocabulary().then((vocabulary) =>
    createPromptEncoder({ vocabulary, tokenizer: createTokenizer(vocabulary), contextTokens: 2048 }),
  );
  return encoder;
}

/** The public API on a free loopback port: real recorder, stores, tokenizer and HTTP; the engine plays a script. */
export async function startApi(script: Script = HELLO, changes: Partial<PublicOptions> = {}) {
  const api = await openApi(script, changes);
  onTestFinished(api.stop);
  return api;
}

/** The same for several tests, which call `stop` at the end. */
export async function openApi(script: Script = HELLO, changes: Partial<PublicOptions> = {}) {
  const { engine, requests, cancels } = scriptedEngine(script);
  const noted = notingObserver();
  const { log, lines } = notingLog();
  const folder = mkdtempSync(join(tmpdir(), "lensgate-test-"));
  const database = openDatabase({ folder });
  const traces = createTraceStore(database);
  const recorder = createRecorder({ traces, scores: createScoreLog(database), enqueue: async () => undefined, log });
  const app = createPublicApp({
    engine,
    prompts: await openEncoder(),
    record: recorder.record,
    policies: POLICIES,
    defaultPolicy: "default",
    keys: [],
    limits: { bodyBytes: 65_536, depth: 32, maxTokens: 1024, maxMessages: 16, maxStop: 4, stopLength: 16 },
    timeouts: { totalMs: 20_000, headersAfterMs: 10_000, heartbeatMs: 15_000, retryAfterMs: 1_500 },
    detectors: [
      { id: "country-channel", hash: "0123456789abcdef", positions: "both" },
      { id: "audit-approval", hash: "fedcba9876543210", positions: "both" },
    ],
    allowedHosts: [],
    allowedOrigins: [],
    observer: noted.observer,
    log,
    isDraining: () => false,
    ...changes,
  });
  const listener = await startListener({ name: "api", app, host: "127.0.0.1", port: 0, log });
  const stop = async (): Promise<void> => {
    await listener.drain(0);
    await recorder.idle();
    database.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const { url } = listener;

  /** Sends a body as it is. */
  function post(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
  }

  /** Asks for a chat with one user message. */
  function chat(fields: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    const body = { model: MODEL, messages: [{ role: "user", content: "Tell me about sushi." }], ...fields };
    return post("/v1/chat/completions", JSON.stringify(body), headers);
  }

  function complete(fields: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    return post("/v1/completions", JSON.stringify({ model: MODEL, prompt: "The capital of", ...fields }), headers);
  }

  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "unused", maxRetries: 0 });
  return {
    url,
    listener,
    engine,
    requests,
    cancels,
    lines,
    traces,
    recorder,
    post,
    chat,
    complete,
    client,
    stop,
    ...noted,
  };
}

/** The `data:` lines of a stream's body, parsed; `[DONE]` stays text. */
export async function readEvents(response: Response): Promise<any[]> {
  const lines = (await response.text()).split("\n\n").filter((event) => event.startsWith("data: "));
  return lines.map((line) => (line === "data: [DONE]" ? "[DONE]" : JSON.parse(line.slice(6))));
}

/** Waits for something that follows a reply, such as its line in the log. */
export async function eventually<Value>(look: () => Value | undefined): Promise<Value> {
  for (let tries = 0; tries < 200; tries += 1) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it never came");
}

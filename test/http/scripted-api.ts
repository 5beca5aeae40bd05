import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { onTestFinished } from "vitest";
import type { Policy } from "../../src/decide/policy.ts";
import { startListener } from "../../src/http/listener.ts";
import type { PublicOptions } from "../../src/http/options.ts";
import { createPublicApp } from "../../src/http/public-app.ts";
import { createPromptEncoder, type PromptEncoder } from "../../src/model/prompt.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createRecorder } from "../../src/trace/recorder.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { vendoredVocabulary } from "../support/vendored-model.ts";
import { notingLog, notingObserver } from "./noting-observer.ts";
import { HELLO, MODEL, scriptedEngine, type Script } from "./scripted-engine.ts";

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

/** Waits for something that follows a reply, such as its line in the log. */
export async function eventually<Value>(look: () => Value | undefined): Promise<Value> {
  for (let tries = 0; tries < 200; tries += 1) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it never came");
}

import type { Engine, EngineStatus, GenerateRequest, Run, RunEvent } from "../../src/engine/engine.ts";
import { promptJudged, released, runEnd } from "../trace/scripted-run.ts";

export const MODEL = "smollm2-135m-instruct";

/** The events of one run, or a run of its own making. */
export type Script = readonly RunEvent[] | ((request: GenerateRequest) => Run);

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
    status: () => ({ state: "ready", slots: 4, running: 0, waiting: 0, restarts: 0, stuck: [], ...status }),
    close: async () => undefined,
  };
  return { engine, requests, cancels };
}

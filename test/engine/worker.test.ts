import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { RunEvent } from "../../src/engine/engine.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "../../src/engine/messages.ts";
import { createWorker } from "../../src/engine/worker-engine.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createTokenizer } from "../../src/model/tokenizer.ts";
import { generateRequest, PLAIN, policyOf, settingsOf } from "../support/engine-parts.ts";
import { endOf, releasedText } from "../support/engine-rig.ts";
import { openVendored } from "../support/prepared-model.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

const KIND = fileURLToPath(new URL("../fixtures/kinds/position-script.mjs", import.meta.url));

let model: PreparedModel;
let prompt: Int32Array;
beforeAll(async () => {
  model = await openVendored("fast");
  prompt = Int32Array.from(createTokenizer(model.manifest.vocabulary).encode("1, 2, 3, 4, 5,"));
});

/** The thread itself, with what it says. */
function start(changes: Partial<WorkerSettings> = {}) {
  const thread = createWorker(settingsOf(model, changes));
  const said: FromWorker[] = [];
  const faults: Error[] = [];
  thread.on("message", (message: FromWorker) => said.push(message));
  thread.on("error", (error) => faults.push(error));
  const left = new Promise<number>((resolve) => thread.on("exit", resolve));
  const send = (message: ToWorker): void => thread.postMessage(message);
  const eventsOf = (id: string): RunEvent[] =>
    said.flatMap((message) => (message.type === "event" && message.id === id ? [message.event] : []));
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  onTestFinished(async () => {
    send({ type: "close" });
    await left;
  });
  return { said, faults, left, send, eventsOf, until, isReady: () => said.some(({ type }) => type === "ready") };
}

const job = (id: string, maxTokens: number, policy = PLAIN): ToWorker => ({
  type: "start",
  job: { verb: "generate", request: generateRequest(prompt, { id, maxTokens, policy }) },
});

describe("the engine's thread", () => {
  it("says ready, works on jobs, tells its load, obeys a cancel and leaves when it is told to", async () => {
    const { said, send, eventsOf, until, isReady, left, faults } = start();
    await until(isReady);
    send(job("a", 5));
    send(job("b", 400));
    await until(() => eventsOf("a").at(-1)?.type === "run-ended");
    expect(releasedText(eventsOf("a"))).toBe(" 6, 7");
    send({ type: "cancel", id: "b" });
    await until(() => eventsOf("b").at(-1)?.type === "run-ended");
    expect(endOf(eventsOf("b")).reason).toBe("cancelled");
    await until(() => said.some((message) => message.type === "running" && message.running === 0));
    send(job("c", 400));
    await until(() => eventsOf("c").length > 2);
    // In the middle of a generation, and still in peace.
    send({ type: "close" });
    expect(await left).toBe(0);
    expect(faults).toEqual([]);
  });

  it("runs a user's own kind, which stops a generation before the firing token leaves; dies when it is told to", async () => {
    const scores = { [prompt.length + 3]: 2 };
    const alarm = loadedDetector("alarm", { kind: "position-script", resolved: { scores } });
    const settings = { kindModules: [KIND], detectors: [alarm] };
    const { send, eventsOf, until, isReady, left, faults } = start(settings);
    await until(isReady);
    send(job("a", 400, policyOf({ detectors: { alarm: {} } })));
    await until(() => eventsOf("a").at(-1)?.type === "run-ended");
    expect(releasedText(eventsOf("a"))).toBe(" 6,");
    expect(endOf(eventsOf("a"))).toMatchObject({ reason: "abort", releasedTokens: 3 });
    send({ type: "crash" });
    expect(await left).toBe(1);
    expect(faults.map(({ message }) => message)).toEqual(["the worker was told to crash"]);
  });

  it("leaves when it is told to while it loads", async () => {
    const { send, left, isReady } = start();
    send({ type: "close" });
    expect(await left).toBe(0);
    expect(isReady()).toBe(false);
  });

  it("dies with the cause when it cannot load", async () => {
    const { left, faults, isReady } = start({ prepared: "/nowhere" });
    expect(await left).toBe(1);
    expect(faults.map(({ message }) => message)).toEqual([expect.stringContaining("/nowhere/prepared.json")]);
    expect(isReady()).toBe(false);
  });
});

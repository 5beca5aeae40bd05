import { parentPort, workerData } from "node:worker_threads";
import { createSlot } from "../model/slot.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { openParts } from "./open-parts.ts";
import { createScheduler } from "./scheduler.ts";

// Entry of the engine's thread: settings come as worker data, jobs as messages.
async function serve(settings: WorkerSettings): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error("the engine's worker runs in a worker thread only");
  // Before anything is loaded: an engine may be closed while it loads.
  port.on("message", ({ type }: ToWorker) => {
    if (type === "crash") throw new Error("the worker was told to crash");
    if (type === "close") process.exit(0);
  });
  const { parts, model } = await openParts(settings);
  const send = (message: FromWorker): void => port.postMessage(message);
  const scheduler = createScheduler({
    parts,
    slots: Array.from({ length: settings.slots }, () =>
      createSlot(model.manifest.architecture, settings.contextTokens),
    ),
    emit: (id, event) => send({ type: "event", id, event }),
    onLoad: (running, waiting) => send({ type: "running", running, waiting }),
    // A failed pass leaves the model in doubt: the thread dies, every reader is told, and a fresh one starts.
    onFault: (error) =>
      setImmediate(() => {
        throw error;
      }),
  });
  port.on("message", (message: ToWorker) => {
    if (message.type === "start") scheduler.start(message.job);
    else if (message.type === "cancel") scheduler.cancel(message.id);
  });
  send({ type: "ready" });
}

await serve(workerData as WorkerSettings);

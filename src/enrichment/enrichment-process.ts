import { readdirSync } from "node:fs";
import { setPriority } from "node:os";
import type { FromReader, ToReader } from "./messages.ts";
import { openTraceReader, type TraceReader } from "./trace-reader.ts";

// Entry of the reading process: settings and traces come as messages, what was read goes back. It has no store and no key.
// Its one argument is its niceness.

/** Linux keeps a priority for each thread, and those of the runtime are there before this runs. */
function leaveTheProcessorToOthers(niceness: number): void {
  try {
    setPriority(niceness);
    for (const thread of readdirSync("/proc/self/task")) setPriority(Number(thread), niceness);
  } catch {
    // Without it live traffic waits longer, and nothing else is different.
  }
}

function send(message: FromReader): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}

let reader: Promise<TraceReader> | undefined;

async function answer(message: ToReader): Promise<void> {
  if (message.type === "close") process.exit(0);
  if (message.type === "open") {
    reader = openTraceReader(message.settings);
    await reader;
    return send({ type: "ready" });
  }
  if (!reader) throw new Error("a trace came before the settings");
  const found = await (await reader).read(message.trace);
  return send({ type: "read", traceId: found.traceId, body: JSON.stringify(found) });
}

async function leave(error: unknown): Promise<void> {
  await send({ type: "broken", message: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

leaveTheProcessorToOthers(Number(process.argv[2] ?? 0));
process.on("disconnect", () => process.exit(0));
// A terminal's Ctrl-C reaches every process of its group: the gateway says when to leave.
process.on("SIGINT", () => undefined);
process.on("message", (message: ToReader) => void answer(message).catch(leave));

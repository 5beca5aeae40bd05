import type { RunEvent } from "../../src/engine/engine.ts";
import type { Logger } from "../../src/log.ts";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { reviewItemOf } from "../../src/queue/review-item.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createRecorder, type RecorderParts } from "../../src/trace/recorder.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

/** A recorder on real stores and the embedded queue; `changes` puts something else in the place of a part. */
export function setUpRecorder(changes: (parts: RecorderParts) => Partial<RecorderParts> = () => ({})) {
  const database = openDatabase({ folder: temporaryFolder() });
  const queue = createEmbeddedQueue({ database });
  const logged: string[] = [];
  const note = ((...entry: unknown[]) => void logged.push(String(entry.at(-1)))) as Logger["error"];
  const parts: RecorderParts = {
    traces: createTraceStore(database),
    scores: createScoreLog(database),
    enqueue: (trace) => queue.enqueue(reviewItemOf(trace)),
    log: { warn: note, error: note },
    clock: () => 1_700_000_100_000,
  };
  const recorder = createRecorder({ ...parts, ...changes(parts) });
  return { ...parts, queue, recorder, logged };
}

/** Consumes a recording; `observe` sees every event before the next one is asked for. */
export async function typesOf(
  events: AsyncIterable<RunEvent>,
  observe?: (event: RunEvent) => Promise<void>,
): Promise<string[]> {
  const types: string[] = [];
  for await (const event of events) {
    types.push(event.type);
    await observe?.(event);
  }
  return types;
}

/** What a store does when the disk is full. */
export const FULL_DISK = async () => {
  throw new Error("disk full");
};

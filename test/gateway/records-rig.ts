import { onTestFinished } from "vitest";
import { defaultReview } from "../../src/config/review-config.ts";
import { openRecords, type Records, type RecordsConfig, type RecordsOptions } from "../../src/gateway/records.ts";
import type { RunEvent } from "../../src/engine/engine.ts";
import { sampleEvidence, sampleFinding, sampleHead } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { noteLog } from "../support/live-gateway.ts";
import { promptJudged, released, runEnd, scriptedRun } from "../trace/scripted-run.ts";

/** One key for all gateways of a test. */
export const TEST_KEY = "5e".repeat(32);

/** Records of one gateway, and what they logged. */
export interface Rig {
  readonly records: Records;
  readonly lines: string[];
  readonly config: RecordsConfig;
  /** A run that is flagged after its first token, and what its client saw of it. Runs with different numbers are not alike. */
  flag(number: number, alike?: boolean): Promise<RunEvent[]>;
}

export interface RigOptions extends Partial<Pick<RecordsOptions, "onAdded">> {
  readonly queue?: Partial<RecordsConfig["queue"]>;
  readonly review?: Partial<RecordsConfig["review"]>;
  readonly rest?: Partial<Pick<RecordsConfig, "privacy" | "retention">>;
  /** The address of Redis; the embedded queue when absent. */
  readonly redis?: string;
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: () => number;
}

/** Opens records in a folder of their own. They are closed when the test ends. */
export function openRig(options: RigOptions = {}): Rig {
  const { redis, folder = temporaryFolder(), environment = {}, onAdded } = options;
  const base = defaultReview();
  const shared = redis === undefined ? {} : { driver: "bullmq" as const, redis: { ...base.queue.redis, url: redis } };
  const config = {
    ...base,
    queue: { ...base.queue, ...shared, ...options.queue },
    review: { ...base.review, newItemsPerMinute: 1_000_000, ...options.review },
    ...options.rest,
    stateDir: folder,
  };
  const lines: string[] = [];
  const records = openRecords({
    config,
    log: noteLog(lines),
    environment: { ...(redis === undefined ? {} : { LENSGATE_TRACE_KEY: TEST_KEY }), ...environment },
    ...(onAdded === undefined ? {} : { onAdded }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  onTestFinished(() => records.close());
  records.start();
  return {
    records,
    lines,
    config,
    async flag(number, alike = false) {
      const content = alike ? "Tell me about sushi." : `Question ${number}`;
      const head = sampleHead(number, { promptTokens: 11, conversation: [{ role: "user", content }] });
      const evidence = sampleEvidence({ finding: sampleFinding() });
      const script = [promptJudged, released("S"), { type: "flag-raised", evidence } as const, released("ushi")];
      const events: RunEvent[] = [];
      for await (const event of records.recorder.record(scriptedRun([...script, runEnd("abort")]), head))
        events.push(event);
      return events;
    },
  };
}

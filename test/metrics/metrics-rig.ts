import { createMetrics, type MetricsOptions } from "../../src/metrics.ts";
import { notingLog } from "../http/noting-observer.ts";
import { POLICIES } from "../http/scripted-api.ts";
import { MODEL } from "../http/scripted-engine.ts";

export const QUEUE = { waiting: 2, claimed: 1, decided: 4, dead: 0, oldestWaitingMs: 90_000, leasesExpired: 3 };
export const VERDICTS = { true_positive: 5, false_positive: 1, unsure: 0, escalate: 0 };

/** Metrics of a gateway with made-up state, without those of the process. */
export function setUpMetrics(changes: Partial<MetricsOptions> = {}) {
  const { log, lines } = notingLog();
  const metrics = createMetrics({
    models: [MODEL],
    detectors: ["country-channel", "audit-approval"],
    policies: Object.keys(POLICIES),
    queue: "embedded",
    version: "0.1.0",
    precision: "fast",
    engineStatus: () => ({ slots: 4, running: 3, waiting: 7, restarts: 2 }),
    queueStats: async () => QUEUE,
    countDecisions: async () => VERDICTS,
    spooled: () => 6,
    tallies: () => ({ redisFailures: { enqueue: 3 }, joined: { repeated: 8, flood: 2 }, dropped: 1 }),
    log,
    withProcess: false,
    ...changes,
  });
  metrics.config.loaded({ hash: "c0ffee", at: 5_000 });
  /** The value of one series, found by its name and its labels in any order. */
  const read = async (name: string, labels: Record<string, string> = {}): Promise<number | undefined> => {
    const { body } = await metrics.render();
    const line = body.split("\n").find((each) => {
      if (!new RegExp(`^${name}[{ ]`).test(each)) return false;
      return Object.entries(labels).every(([label, value]) => each.includes(`${label}="${value}"`));
    });
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
  };
  return { metrics, read, lines };
}

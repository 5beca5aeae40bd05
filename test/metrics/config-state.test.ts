import { expect, test } from "vitest";
import { createMetrics } from "../../src/metrics.ts";
import { notingLog } from "../http/noting-observer.ts";

test("one configuration is named at a time, and one that is refused leaves it", async () => {
  const metrics = createMetrics({
    models: ["m"],
    detectors: [],
    policies: [],
    queue: "embedded",
    version: "0.1.0",
    precision: "fast",
    engineStatus: () => ({ slots: 4, running: 0, waiting: 0, restarts: 0 }),
    queueStats: async () => ({ waiting: 0, claimed: 0, decided: 0, dead: 0, oldestWaitingMs: 0, leasesExpired: 0 }),
    countDecisions: async () => ({ true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 }),
    spooled: () => 0,
    tallies: () => ({ dropped: 0, joined: { repeated: 0, flood: 0 }, redisFailures: {} }),
    log: notingLog().log,
    withProcess: false,
  });
  const lines = async () => (await metrics.render()).body.match(/^oversight_config_.*$/gm);
  const state = (successful: number, at: number, hash: string) => [
    `oversight_config_last_reload_successful ${successful}`,
    `oversight_config_last_reload_timestamp_seconds ${at}`,
    `oversight_config_hash_info{hash="${hash}"} 1`,
  ];
  metrics.config.loaded({ hash: "c0ffee", at: 5_000 });
  expect(await lines()).toEqual(state(1, 5, "c0ffee"));
  metrics.config.refused();
  expect(await lines()).toEqual(state(0, 5, "c0ffee"));
  metrics.config.loaded({ hash: "c0ffee", at: 6_000 });
  expect(await lines()).toEqual(state(1, 6, "c0ffee"));
  metrics.config.loaded({ hash: "bead", at: 7_500 });
  expect(await lines()).toEqual(state(1, 7.5, "bead"));
});

import { everyScoredName } from "../decide/policy.ts";
import { startListener, type Listener } from "../http/listener.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import type { KnownNames } from "../metrics/label-sets.ts";
import { VERSION } from "../version.ts";
import type { Definitions } from "./definitions.ts";
import type { Running } from "./running.ts";
import { openConfirmedAborts } from "./safety-tax.ts";

/** Opens both listeners, or none. */
export async function openListeners({ serving, log }: Running): Promise<{ api: Listener; console: Listener }> {
  const { config } = serving.definitions;
  const { host, port } = config.api;
  const api = await startListener({ name: "api", app: serving.api, log, host, port });
  try {
    const { host: consoleHost, port: consolePort } = config.console;
    const options = { name: "console", app: serving.console, log, host: consoleHost, port: consolePort };
    return { api, console: await startListener(options) };
  } catch (error) {
    await api.drain(0);
    throw error;
  }
}

/** Makes the metrics of a gateway that runs. */
export function openMetrics({ log, model, serving, records, learning, assurance }: Running): Metrics {
  return createMetrics({
    ...namesOf(serving.definitions, model.facts.name),
    version: VERSION,
    precision: model.facts.precision,
    engineStatus: () => serving.current.seat.engine.status(),
    queueStats: () => records.queue.stats(),
    ...(records.jobCounts === undefined ? {} : { jobCounts: records.jobCounts }),
    countDecisions: () => records.decisions.count(),
    spooled: () => records.local.outbox.waiting(),
    tallies: () => records.tallies,
    // Of several gateways each counts its own.
    confirmedAborts: openConfirmedAborts({ ...records.local, decisions: records.decisions }),
    recall: learning.recall,
    reviewWaits: learning.newWaits,
    assurance: {
      canaries: assurance.canaries,
      overrides: assurance.brake.active,
      stuck: () => serving.current.seat.engine.status().stuck,
    },
    log,
  });
}

/** Every name that can be a label's value. */
export function namesOf({ config, detectors }: Definitions, model: string): KnownNames {
  const { policies, queue } = config;
  return {
    models: [model],
    detectors: [...new Set([...detectors.map(({ id }) => id), ...everyScoredName(policies)])],
    policies: Object.keys(policies),
    queue: queue.driver,
  };
}

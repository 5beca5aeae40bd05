import { scoredNames } from "../decide/policy.ts";
import { createConsoleApp } from "../http/console-app.ts";
import { startListener, type Listener } from "../http/listener.ts";
import { createPublicApp } from "../http/public-app.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { createReviewPage } from "../review/page.ts";
import { createReviewRoutes } from "../review/routes.ts";
import { VERSION } from "../version.ts";
import type { Running } from "./running.ts";
import { openConfirmedAborts } from "./safety-tax.ts";

/** Opens both listeners, or none. */
export async function openListeners(running: Running, metrics: Metrics): Promise<{ api: Listener; console: Listener }> {
  const { config, log } = running;
  const publicApp = openPublicApp(running, metrics);
  const consoleApp = openConsoleApp(running, metrics);
  const api = await startListener({ name: "api", app: publicApp, log, host: config.api.host, port: config.api.port });
  try {
    const { host, port } = config.console;
    return { api, console: await startListener({ name: "console", app: consoleApp, log, host, port }) };
  } catch (error) {
    await api.drain(0);
    throw error;
  }
}

/** Makes the metrics of a gateway that runs. */
export function openMetrics({ config, log, model, detectors, engine, records, learning, assurance }: Running): Metrics {
  return createMetrics({
    models: [model.facts.name],
    detectors: [...new Set([...detectors.map(({ id }) => id), ...Object.values(config.policies).flatMap(scoredNames)])],
    policies: Object.keys(config.policies),
    version: VERSION,
    queue: config.queue.driver,
    precision: model.facts.precision,
    engineStatus: () => engine.status(),
    queueStats: () => records.queue.stats(),
    countDecisions: () => records.decisions.count(),
    spooled: () => records.local.outbox.waiting(),
    tallies: () => records.tallies,
    // Of several gateways each counts its own.
    confirmedAborts: openConfirmedAborts({ traces: records.local.traces, decisions: records.decisions }),
    recall: learning.recall,
    reviewWaits: learning.newWaits,
    assurance: {
      canaries: { everyMs: config.canaries.everyMs, state: assurance.canaries.state },
      overrides: assurance.brake.active,
    },
    log,
  });
}

function openPublicApp(running: Running, metrics: Metrics) {
  const { config, log, model, detectors, engine, records, live, assurance, state } = running;
  return createPublicApp({
    engine,
    prompts: model.prompts,
    record: (run, head) => records.recorder.record(run, head),
    policies: config.policies,
    defaultPolicy: config.defaultPolicy,
    loosen: assurance.brake.apply,
    keys: config.keys,
    defaultLimits: config.defaultLimits,
    limits: config.limits,
    timeouts: config.timeouts,
    allowedHosts: config.api.allowedHosts,
    allowedOrigins: config.api.allowedOrigins,
    detectors,
    observer: metrics.observer,
    live,
    log,
    isDraining: () => state.draining,
    reviewHealth: () => records.health(),
  });
}

function openConsoleApp(running: Running, metrics: Metrics) {
  const { config, log, engine, detectors, records, learning, live, assurance, state, closing } = running;
  const descriptions = Object.fromEntries(detectors.map(({ id, description }) => [id, description]));
  return createConsoleApp({
    engine,
    metrics,
    review: createReviewRoutes({
      ...records,
      database: records.local.database,
      noteSealing: records.local.sealing,
      outbox: async () => ({ waiting: records.local.outbox.waiting(), limit: config.queue.outboxLimit }),
      live,
      overrides: assurance.brake.active,
      statistics: learning.statistics,
      proposals: learning.proposals,
      settings: config.review,
      descriptions,
      log,
      closing: closing.signal,
    }),
    page: createReviewPage(),
    limits: config.limits,
    retryAfterMs: config.timeouts.retryAfterMs,
    allowedHosts: config.console.allowedHosts,
    allowedOrigins: config.console.allowedOrigins,
    observer: metrics.observer,
    log,
    isDraining: () => state.draining,
    reviewHealth: () => records.health(),
  });
}

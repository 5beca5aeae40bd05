import { createConsoleApp } from "../http/console-app.ts";
import { createPublicApp } from "../http/public-app.ts";
import { createRateLimits } from "../http/rate-limits.ts";
import type { Metrics } from "../metrics.ts";
import { createReviewPage } from "../review/page.ts";
import { createReviewRoutes } from "../review/routes.ts";
import { createBraking } from "./braking.ts";
import type { Definitions } from "./definitions.ts";
import type { EngineSeat } from "./engine-seat.ts";
import type { Running } from "./running.ts";
import type { Generation } from "./serving.ts";

/** Makes a generation of definitions and an engine. What callers used and who is logged in outlives it. */
export type MakeGeneration = (definitions: Definitions, seat: EngineSeat) => Generation;

/** Makes what all generations share. */
export function createGenerations(running: Running, metrics: Metrics): MakeGeneration {
  const makePublic = createPublicApps(running, metrics);
  const makeConsole = createConsoleApps(running, metrics);
  return (definitions, seat) => ({
    ...definitions,
    seat,
    api: seat.count(makePublic(definitions, seat)),
    console: makeConsole(definitions, seat),
  });
}

function createPublicApps({ log, model, records, live, assurance, state }: Running, metrics: Metrics) {
  const rateLimits = createRateLimits(() => performance.now());
  const startedAt = Date.now();
  return ({ config, detectors }: Definitions, { engine }: EngineSeat) =>
    createPublicApp({
      engine,
      prompts: model.prompts,
      record: (run, head) => records.recorder.record(run, head),
      policies: config.policies,
      defaultPolicy: config.defaultPolicy,
      loosen: assurance.brake.apply,
      keys: config.keys,
      defaultLimits: config.defaultLimits,
      rateLimits,
      limits: config.limits,
      timeouts: config.timeouts,
      allowedHosts: config.api.allowedHosts,
      allowedOrigins: config.api.allowedOrigins,
      detectors,
      observer: metrics.observer,
      live,
      log,
      startedAt,
      isDraining: () => state.draining,
      reviewHealth: () => records.health(),
    });
}

function createConsoleApps(running: Running, metrics: Metrics) {
  const { log, records, state } = running;
  const review = openReview(running);
  const page = createReviewPage();
  return ({ config }: Definitions, { engine }: EngineSeat) =>
    createConsoleApp({
      engine,
      metrics,
      review,
      page,
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

function openReview(running: Running) {
  const { log, records, learning, live, assurance, serving, closing } = running;
  const { review, queue } = serving.definitions.config;
  return createReviewRoutes({
    ...records,
    database: records.local.database,
    noteSealing: records.local.sealing,
    outbox: async () => ({ waiting: records.local.outbox.waiting(), limit: queue.outboxLimit }),
    live,
    overrides: assurance.brake.active,
    braking: createBraking(running),
    statistics: learning.statistics,
    proposals: learning.proposals,
    settings: {
      ...review,
      get reviewers() {
        return serving.definitions.config.review.reviewers;
      },
    },
    get descriptions() {
      const { detectors } = serving.definitions;
      return Object.fromEntries(detectors.map(({ id, description }) => [id, description]));
    },
    log,
    closing: closing.signal,
  });
}

import type { Express } from "express";
import helmet from "helmet";
import { createLiveFeed } from "../review/live-feed.ts";
import { createAccessLog, noteAccess } from "./access-log.ts";
import { createAuthenticator } from "./authenticator.ts";
import { CHAT, COMPLETIONS } from "./endpoint.ts";
import { createErrorHandler } from "./error-response.ts";
import { createGenerationHandler } from "./generation.ts";
import { createHostGuard } from "./host-guard.ts";
import { createModelHandlers } from "./models.ts";
import { guardObserver } from "./observer.ts";
import type { PublicOptions, PublicParts } from "./options.ts";
import { createProbes } from "./probes.ts";
import { createRateLimits } from "./rate-limits.ts";
import { createRequestId, randomHexId } from "./request-id.ts";
import { createBareApp, createDrainNotice, declareRoutes, refuseUnknownRoute } from "./routes.ts";

/** The public API: what a client of the OpenAI API expects, and nothing else. Builds the app; `startListener` serves it. */
export function createPublicApp(options: PublicOptions): Express {
  const monotonicClock = options.monotonicClock ?? (() => performance.now());
  const parts: PublicParts = {
    clock: Date.now,
    startedAt: (options.clock ?? Date.now)(),
    randomId: randomHexId,
    reviewHealth: () => undefined,
    loosen: (policy) => policy,
    defaultLimits: {},
    live: createLiveFeed(),
    rateLimits: createRateLimits(monotonicClock),
    ...options,
    monotonicClock,
    observer: guardObserver(options.observer, options.log),
  };
  const app = createBareApp();
  const authenticate = createAuthenticator(parts);
  const models = createModelHandlers({ engine: parts.engine, authenticate, startedAt: parts.startedAt });
  const probes = createProbes({ ...parts, retryAfterMs: parts.timeouts.retryAfterMs });
  const generate = (endpoint: typeof CHAT) => createGenerationHandler(parts, { endpoint, authenticate });

  app.use(createRequestId(parts.randomId));
  app.use(createAccessLog({ ...parts, listener: "api" }));
  const contentSecurityPolicy = { useDefaults: false, directives: { "default-src": ["'none'"] } };
  // TLS is the business of whoever stands in front.
  app.use(helmet({ contentSecurityPolicy, strictTransportSecurity: false }));
  app.use(createDrainNotice(parts.isDraining));
  app.use(createHostGuard(parts));
  declareRoutes(app, [
    { method: "post", path: CHAT.path, handler: generate(CHAT) },
    { method: "post", path: COMPLETIONS.path, handler: generate(COMPLETIONS) },
    { method: "get", path: "/v1/models", handler: models.list },
    { method: "get", path: "/v1/models/:id", handler: models.get },
    { method: "get", path: "/livez", handler: probes.live },
    { method: "get", path: "/readyz", handler: probes.ready },
  ]);
  app.use(refuseUnknownRoute);
  app.use(createErrorHandler({ ...parts, note: noteAccess, retryAfterMs: parts.timeouts.retryAfterMs }));
  return app;
}

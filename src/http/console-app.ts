import type { Express } from "express";
import helmet from "helmet";
import { createAccessLog, noteAccess } from "./access-log.ts";
import { createErrorHandler } from "./error-response.ts";
import { createHostGuard } from "./host-guard.ts";
import { createBodyReader } from "./json-body.ts";
import { guardObserver } from "./observer.ts";
import type { ConsoleOptions } from "./options.ts";
import { createProbes } from "./probes.ts";
import { createRequestId, randomHexId } from "./request-id.ts";
import { createBareApp, createDrainNotice, declareRoutes, refuseUnknownRoute, type Route } from "./routes.ts";

// Its own files and its own API; model text never becomes a script.
const CONTENT_SECURITY_POLICY = {
  "default-src": ["'none'"],
  "script-src": ["'self'"],
  "style-src": ["'self'"],
  "img-src": ["'self'"],
  "connect-src": ["'self'"],
  "base-uri": ["'none'"],
  "form-action": ["'none'"],
  "frame-ancestors": ["'none'"],
};

/** The second listener: metrics, probes, and the review API and page that are passed in. */
export function createConsoleApp(options: ConsoleOptions): Express {
  const { log, retryAfterMs } = options;
  const app = createBareApp();
  const probes = createProbes(options);
  const routes: Route[] = [
    { method: "get", path: "/livez", handler: probes.live },
    { method: "get", path: "/readyz", handler: probes.ready },
    {
      method: "get",
      path: "/metrics",
      async handler(_request, response) {
        const { contentType, body } = await options.metrics.render();
        response.set("content-type", contentType).send(body);
      },
    },
  ];
  if (options.page) routes.push({ method: "get", path: "/", handler: (_, response) => response.redirect("/review/") });

  app.use(createRequestId(options.randomId ?? randomHexId));
  const { monotonicClock = () => performance.now() } = options;
  app.use(createAccessLog({ log, monotonicClock, listener: "console" }));
  const contentSecurityPolicy = { useDefaults: false, directives: CONTENT_SECURITY_POLICY };
  app.use(helmet({ contentSecurityPolicy, strictTransportSecurity: false }));
  app.use(createDrainNotice(options.isDraining));
  app.use(createHostGuard(options));
  declareRoutes(app, routes);
  if (options.page) app.use("/review", options.page);
  if (options.review) app.use("/api", createBodyReader(options.limits));
  if (options.review) app.use(options.review);
  app.use(refuseUnknownRoute);
  app.use(createErrorHandler({ note: noteAccess, retryAfterMs, observer: guardObserver(options.observer, log) }));
  return app;
}

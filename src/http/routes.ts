import express, { type Express, type RequestHandler } from "express";
import { GatewayError } from "../errors.ts";

/** One declared route. */
export interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  readonly handler: RequestHandler;
}

/** An Express app that matches paths to the letter and says nothing of itself. */
export function createBareApp(): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("case sensitive routing", true);
  app.set("strict routing", true);
  return app;
}

/** Declares routes; another method on one of their paths is 405 with `Allow`. */
export function declareRoutes(app: Express, routes: readonly Route[]): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const allow = here
      .flatMap(({ method }) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]))
      .join(", ");
    const declared = app.route(path);
    for (const { method, handler } of here) declared[method](handler);
    declared.all((_request, response) => {
      response.setHeader("allow", allow);
      throw new GatewayError("method_not_allowed", `This route takes ${allow}.`);
    });
  }
}

/** After the last route: everything else is 404. */
export const refuseUnknownRoute: RequestHandler = (request) => {
  throw new GatewayError("not_found", `There is no route ${request.method} ${request.path.slice(0, 200)}.`);
};

/** While the gateway drains, connections are not kept for a next request. */
export function createDrainNotice(isDraining: () => boolean): RequestHandler {
  return function noticeDrain(_request, response, next) {
    if (isDraining()) response.setHeader("connection", "close");
    next();
  };
}

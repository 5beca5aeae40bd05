import { expect, test } from "vitest";
import { noteAccess } from "../../src/http/access-log.ts";
import { createErrorHandler } from "../../src/http/error-response.ts";
import { startListener } from "../../src/http/listener.ts";
import { createBareApp, declareRoutes, refuseUnknownRoute } from "../../src/http/routes.ts";
import { onTestFinished } from "vitest";
import { notingLog, notingObserver } from "./noting-observer.ts";

async function start() {
  const { log } = notingLog();
  const app = createBareApp();
  declareRoutes(app, [
    { method: "get", path: "/both", handler: (_, response) => void response.json("got") },
    { method: "post", path: "/both", handler: (_, response) => void response.json("posted") },
  ]);
  app.use(refuseUnknownRoute);
  app.use(createErrorHandler({ note: noteAccess, observer: notingObserver().observer, retryAfterMs: 1 }));
  const listener = await startListener({ name: "api", app, host: "127.0.0.1", port: 0, log });
  onTestFinished(() => listener.drain(0).then(() => undefined));
  return listener.url;
}

test("two methods of one path are one Allow", async () => {
  const url = await start();
  expect(await (await fetch(`${url}/both`)).json()).toBe("got");
  expect(await (await fetch(`${url}/both`, { method: "POST" })).json()).toBe("posted");
  const refused = await fetch(`${url}/both`, { method: "DELETE" });
  expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
});

test("paths are matched to the letter", async () => {
  const url = await start();
  for (const path of ["/Both", "/both/", "/bot"]) expect((await fetch(url + path)).status).toBe(404);
});

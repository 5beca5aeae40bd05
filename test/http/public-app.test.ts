import { expect, test } from "vitest";
import { createPublicApp } from "../../src/http/public-app.ts";
import { readError } from "./reply-bodies.ts";
import { notingLog, notingObserver } from "./noting-observer.ts";
import { POLICIES, startApi } from "./scripted-api.ts";
import { MODEL, scriptedEngine } from "./scripted-engine.ts";

const DECLARED = [
  "post /v1/chat/completions",
  "post /v1/completions",
  "get /v1/models",
  "get /v1/models/:id",
  "get /livez",
  "get /readyz",
];

function createApp() {
  const { engine } = scriptedEngine([]);
  return createPublicApp({
    engine,
    prompts: { encodeChat: () => expect.fail("not asked"), encodeText: () => expect.fail("not asked") },
    record: () => expect.fail("not asked"),
    policies: POLICIES,
    defaultPolicy: "default",
    keys: [],
    limits: { bodyBytes: 1024, depth: 8, maxTokens: 8, maxMessages: 8, maxStop: 4, stopLength: 8 },
    timeouts: { totalMs: 1000, headersAfterMs: 1000, heartbeatMs: 1000, retryAfterMs: 1000 },
    detectors: [],
    allowedHosts: [],
    allowedOrigins: [],
    observer: notingObserver().observer,
    log: notingLog().log,
    isDraining: () => false,
  });
}

test("the app has the declared routes and no others", () => {
  const { stack } = createApp().router;
  const routes = stack.flatMap((layer) => {
    if (!layer.route) return [];
    const { path, stack: handlers } = layer.route;
    // What has no method answers the others with 405.
    const methods = handlers.flatMap(({ method }) => method ?? []);
    return methods.map((method) => `${method} ${String(path)}`);
  });
  expect(routes).toEqual(DECLARED);
  const middleware = stack.flatMap((layer) => (layer.route ? [] : [layer.name]));
  expect(middleware).toEqual([
    "identify",
    "logAccess",
    "helmetMiddleware",
    "noticeDrain",
    "guardHost",
    "refuseUnknownRoute",
    "answerError",
  ]);
});

test.each([
  ["GET", "/"],
  ["POST", "/v1/responses"],
  ["POST", "/v1/embeddings"],
  ["GET", "/metrics"],
  ["GET", "/api/review/items"],
  ["POST", "/V1/chat/completions"],
  ["POST", "/v1/chat/completions/"],
  ["POST", "//v1/chat/completions"],
  ["GET", "/v1/models/a/b"],
])("%s %s is 404 not_found", async (method, path) => {
  const api = await startApi();
  const response = await fetch(`${api.url}${path}`, { method });
  expect([response.status, (await readError(response)).code]).toEqual([404, "not_found"]);
});

test.each([
  ["GET", "/v1/chat/completions", "POST"],
  ["PUT", "/v1/completions", "POST"],
  ["POST", "/v1/models", "GET, HEAD"],
  ["DELETE", `/v1/models/${MODEL}`, "GET, HEAD"],
  ["OPTIONS", "/v1/models", "GET, HEAD"],
  ["POST", "/readyz", "GET, HEAD"],
])("%s %s is 405 and says that it takes %s", async (method, path, allow) => {
  const api = await startApi();
  const response = await fetch(`${api.url}${path}`, { method });
  expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  expect((await readError(response)).code).toBe("method_not_allowed");
});

test("a path that is no valid encoding is the caller's fault", async () => {
  const api = await startApi();
  const response = await fetch(`${api.url}/v1/models/%zz`);
  expect([response.status, (await readError(response)).code]).toEqual([400, "invalid_request"]);
});

test("answers carry security headers and say nothing of the server", async () => {
  const api = await startApi();
  const { headers } = await fetch(`${api.url}/v1/models`);
  expect(headers.get("x-powered-by")).toBeNull();
  expect(headers.get("content-security-policy")).toBe("default-src 'none'");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("an observer that throws changes no answer", async () => {
  const broken = () => {
    throw new Error("no metrics");
  };
  const observer = {
    requestStarted: broken,
    requestEnded: broken,
    runEnded: broken,
    authDecided: broken,
    rejected: broken,
  };
  const api = await startApi(undefined, { observer });
  expect((await api.chat()).status).toBe(200);
  expect((await api.chat({ n: 2 })).status).toBe(400);
  expect(api.lines.filter(({ level }) => level === "error")).toHaveLength(1);
});

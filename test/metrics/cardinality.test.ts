import { createHash } from "node:crypto";
import { Agent, request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { createMetrics } from "../../src/metrics.ts";
import { drawsFrom } from "../../src/training/random.ts";
import { notingLog } from "../http/noting-observer.ts";
import { POLICIES, startApi } from "../http/scripted-api.ts";
import { MODEL } from "../http/scripted-engine.ts";
import { flagRaised, promptJudged, released, runEnd } from "../trace/scripted-run.ts";

const REQUESTS = 10_000;
const AT_ONCE = 16;
const KEY = "a-key-that-is-let-in";

const nextInt = drawsFrom(7);
const made = (): string => Array.from({ length: 12 }, () => nextInt(36).toString(36)).join("");
const oneOf = <Item>(items: readonly Item[]): Item => items[nextInt(items.length)] as Item;

/** One request of a caller that means no good: models, keys, paths, policies and methods of its own making. */
function drawRequest(): { method: string; path: string; headers: Record<string, string>; body: string } {
  const path = oneOf(["/v1/chat/completions", "/v1/completions", "/v1/models", `/v1/models/${made()}`, `/${made()}`]);
  const model = oneOf([MODEL, made(), made()]);
  const body = {
    model,
    ...(path === "/v1/completions"
      ? { prompt: made() }
      : { messages: [{ role: oneOf(["user", made()]), content: made() }] }),
    max_tokens: 1 + nextInt(200),
    stream: nextInt(2) === 0,
    user: made(),
    ...(nextInt(8) === 0 ? { [made()]: 1 } : {}),
  };
  return {
    method: oneOf(["POST", "POST", "POST", "GET", "DELETE"]),
    path,
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${oneOf([KEY, KEY, made()])}`,
      "x-request-id": made(),
      ...(nextInt(2) === 0 ? { "x-oversight-policy": oneOf([...Object.keys(POLICIES), made()]) } : {}),
    },
    body: nextInt(16) === 0 ? made() : JSON.stringify(body),
  };
}

test("ten thousand requests with random models, keys and paths bring no series that was not there", async () => {
  const metrics = createMetrics({
    models: [MODEL],
    detectors: ["country-channel", "audit-approval"],
    policies: Object.keys(POLICIES),
    queue: "embedded",
    version: "0.1.0",
    precision: "fast",
    engineStatus: () => ({ slots: 4, running: 0, waiting: 0, restarts: 0 }),
    queueStats: async () => ({ waiting: 0, claimed: 0, decided: 0, dead: 0, oldestWaitingMs: 0, leasesExpired: 0 }),
    countDecisions: async () => ({ true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 }),
    spooled: () => 0,
    tallies: () => ({ dropped: 0, joined: { repeated: 0, flood: 0 }, redisFailures: {} }),
    log: notingLog().log,
  });
  const samples = async () =>
    (await metrics.render()).body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  // The process's own series name garbage collections and handles as they come.
  const names = async () =>
    (await samples())
      .map((line) => line.slice(0, line.lastIndexOf(" ")))
      .filter((name) => !/^(nodejs|process)_/.test(name));
  const before = await names();

  const events = [
    promptJudged,
    released("a"),
    flagRaised(),
    runEnd("abort", { actions: [{ detector: "country-channel", action: "abort", count: 1 }] }),
  ];
  const sha256 = createHash("sha256").update(KEY).digest("hex");
  const api = await startApi(events, {
    observer: metrics.observer,
    keys: [{ id: "one", sha256, mayTighten: true }],
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  onTestFinished(() => agent.destroy());
  const { host } = new URL(api.url);
  const send = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const { body, ...head } = drawRequest();
      const sent = request(
        `http://${host}${head.path}`,
        { agent, method: head.method, headers: head.headers },
        (answer) => {
          answer.on("end", () => resolve(answer.statusCode ?? 0)).resume();
        },
      );
      sent.on("error", reject).end(head.method === "POST" ? body : undefined);
    });

  const statuses = new Map<number, number>();
  let left = REQUESTS;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const status = await send();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));

  // Every kind of answer was among them, so that the silence of the names says something.
  for (const status of [200, 400, 401, 404, 405]) expect(statuses.get(status), String(status)).toBeGreaterThan(50);
  expect(await names()).toEqual(before);
  const counted = (await samples()).filter((line) => /^oversight_(rejections|runs|aborts)_total.* [1-9]/.test(line));
  expect(counted.length).toBeGreaterThan(6);
}, 240_000);

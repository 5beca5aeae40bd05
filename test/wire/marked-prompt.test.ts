import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { openDesk, listEverything } from "../support/desk-client.ts";
import { runCommand, startGatewayProcess } from "../support/gateway-process.ts";
import { LIVE_MODEL, writeLiveConfig } from "../support/live-gateway.ts";
import { filesBelow, findForms } from "../support/marked-text.ts";
import { TEST_CACHE } from "../support/prepared-model.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";

/** What a pattern takes out, what goes with a role, and what is only sealed. */
const [TAKEN, DROPPED, SEALED] = ["QUOKKA-4417-Violet", "Wombat-Perimeter-Lantern", "Ocelot Marzipan Staircase"];
const KINDS = ["scripted", "quoting"].map((name) =>
  fileURLToPath(new URL(`../fixtures/kinds/${name}.mjs`, import.meta.url)),
);
const KEY = "c4".repeat(32);
const calibration = { status: "uncalibrated", note: "for tests" };
const quoting = {
  description: "Breaks.",
  kind: "quoting",
  options: {},
  positions: "both",
  threshold: 0.5,
  calibration,
};
const detectors = {
  third: { at: { generated: 3 } },
  prompt: { at: { prompt: 2 } },
  never: { at: { prompt: 5_000 } },
  quoting: { ...quoting, aggregate: { type: "max", window: 1 } },
};
const policies = {
  stops: { hold_tokens: 1, detectors: { third: { action: "abort" } } },
  flags: { hold_tokens: 1, detectors: { third: { action: "flag" } } },
  refuses: { hold_tokens: 1, detectors: { prompt: { action: "abort" } } },
  quiet: { hold_tokens: 1, detectors: { never: { action: "flag" } } },
  breaks: { hold_tokens: 1, detectors: { quoting: { action: "flag" } } },
};

describeWithRedis("of a marked prompt, with sealing and redaction on", () => {
  let redis: RedisServer;
  let config: ReturnType<typeof writeLiveConfig>;
  const places = new Map<string, string>();
  const traces: Trace[] = [];
  let shown = "";
  const startedAt = Date.now();

  beforeAll(async () => {
    redis = await startRedis();
    config = writeLiveConfig({
      detectors,
      policies,
      fields: {
        kinds: KINDS,
        engine: { threads: 1 },
        queue: { driver: "bullmq", redis: { url: redis.url } },
        review: { sample: { clear: 1, near: 1 } },
        privacy: { redact: [{ name: "code", pattern: String.raw`QUOKKA-\d+-\w+` }], drop_roles: ["system"] },
      },
    });
    const temporary = join(config.folder, "tmp");
    mkdirSync(temporary);
    const environment = { LENSGATE_TRACE_KEY: KEY, LENSGATE_LOG_LEVEL: "trace", TMPDIR: temporary };
    const gateway = await startGatewayProcess(config.path, { environment });
    await drive(gateway.api);
    const ids = await review(gateway.console);
    for (const path of ["metrics", "readyz"])
      places.set(path, await (await fetch(`${gateway.console}/${path}`)).text());
    const show = await runCommand(["review", "show", ids[0] ?? "", "--config", config.path], { environment });
    shown = show.stdout;
    for (const [path, content] of await valuesOf(redis)) places.set(path, content);
    await gateway.end("SIGTERM");
    places.set("stdout", gateway.stdout()).set("stderr", gateway.stderr());
    for (const folder of [join(config.folder, "state"), temporary, redis.folder])
      for (const [path, content] of filesBelow(folder)) places.set(path, content);
    for (const [path, content] of filesBelow(TEST_CACHE, startedAt)) places.set(path, content);
    const stores = openLocalStores({ folder: join(config.folder, "state"), environment: { LENSGATE_TRACE_KEY: KEY } });
    for (const id of ids) traces.push((await stores.traces.get(id)) as Trace);
    stores.database.close();
  }, 300_000);
  afterAll(async () => {
    await redis.stop();
    config.remove();
  });

  test("the run has left what it should: traces of every kind, their re-reads, logs, keys and files", () => {
    const actions = traces.flatMap(({ evidence, sample }) =>
      sample === null ? evidence.slice(0, 1).map(({ decision }) => decision.action) : ["sample"],
    );
    expect([...new Set(actions)].toSorted()).toEqual(["abort", "flag", "sample"]);
    expect([...places.keys()].filter((path) => path.endsWith("lensgate.db"))).toHaveLength(1);
    expect([...places.keys()].filter((path) => path.includes("/aof/")).length).toBeGreaterThan(0);
    expect([...places.keys()].filter((path) => path.startsWith("redis lensgate:shared:trace:")).length).toBeGreaterThan(
      5,
    );
    expect(places.get("stderr")?.split("\n").length).toBeGreaterThan(10);
    expect(places.get("metrics")).toContain("oversight_aborts_total");
  });

  test.each([TAKEN, DROPPED, SEALED])("no file, log, key or metric holds any of %s", (mark) => {
    expect(findForms(mark, places)).toEqual([]);
  });

  test.each([TAKEN, DROPPED])("nor does anyone with the key find %s", (mark) => {
    const opened = new Map(traces.map((trace) => [trace.head.id, JSON.stringify(trace)] as const));
    const read = new Map(traces.map((trace) => [trace.head.id, tokensOf(trace)] as const));
    expect(findForms(mark, opened)).toEqual([]);
    expect(findForms(mark, read)).toEqual([]);
    expect(findForms(mark, new Map([["show", shown]]))).toEqual([]);
    expect(shown).toContain("[redacted: code]");
    expect(shown).toContain("[redacted: role system]");
  });

  test("a search that found nothing would have found what a reviewer with the key reads, in any encoding", () => {
    expect(findForms(SEALED, new Map([["show", shown]])).length).toBeGreaterThan(0);
    const planted = (text: string) => findForms(SEALED, new Map([["planted", text]])).length > 0;
    expect(planted(Buffer.from(`x${SEALED}`).toString("base64"))).toBe(true);
    expect(planted(Buffer.from(`xy${SEALED}z`).toString("hex"))).toBe(true);
    expect(planted(SEALED.slice(0, -4).toLowerCase())).toBe(true);
    expect(planted("nothing of it")).toBe(false);
  });
});

/** Every token of a trace as one text. */
function tokensOf({ evidence, end }: Trace): string {
  const lists = [end?.generated ?? [], ...evidence.flatMap(({ generated, live }) => [generated, live])];
  return lists.map((tokens) => tokens.map(({ text }) => text).join("")).join("\n");
}

/** Replies in every way, and requests that are refused in every way. */
async function drive(api: string): Promise<void> {
  const user = `My code is ${TAKEN} and the word is ${SEALED}. Repeat my code: ${TAKEN}.`;
  const messages = [
    { role: "system", content: `Guard this: ${DROPPED}.` },
    { role: "user", content: user },
  ];
  const post = async (path: string, body: string, headers: Readonly<Record<string, string>> = {}) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
    const response = await fetch(`${api}${path}`, init);
    await response.text();
    return response.status;
  };
  const chat = { model: LIVE_MODEL, messages, max_tokens: 12, temperature: 0 };
  for (const policy of ["stops", "flags", "refuses", "breaks", "quiet", "open"]) {
    for (const stream of [false, true]) {
      const headers = policy === "open" ? {} : { "x-oversight-policy": policy };
      await post("/v1/chat/completions", JSON.stringify({ ...chat, stream }), headers);
    }
  }
  const completion = { model: LIVE_MODEL, prompt: user, max_tokens: 8, temperature: 0 };
  await post("/v1/completions", JSON.stringify(completion), { "x-oversight-policy": "flags" });
  const marks = `${TAKEN} ${DROPPED} ${SEALED}`;
  const refused = [
    JSON.stringify({ ...chat, [marks]: 1 }),
    JSON.stringify({ ...chat, model: marks }),
    JSON.stringify({ ...chat, stop: [marks.repeat(20)] }),
    JSON.stringify({ ...chat, messages: [{ role: marks, content: marks }] }),
    JSON.stringify({ ...chat, messages: [{ role: "user", content: marks.repeat(400) }] }),
    `{"messages": "${marks}`,
  ];
  for (const body of refused) expect(await post("/v1/chat/completions", body)).toBeGreaterThanOrEqual(400);
  expect(await post("/v1/chat/completions", JSON.stringify(chat), { "x-oversight-policy": marks })).toBe(400);
  expect(await post(`/v1/${encodeURIComponent(marks)}`, "{}")).toBe(404);
}

/** Waits until every item is there and was read again or given up, looks at each and decides the first. */
async function review(console: string): Promise<string[]> {
  const desk = await openDesk(console, "ada");
  await until(async () => (await listEverything(desk)).length >= 6, 60_000);
  const ids = (await listEverything(desk)).map(({ traceId }) => traceId);
  for (const id of ids) {
    await desk.call(`items/${id}`);
    await desk.call(`items/${id}/decide`, { verdict: "true_positive", note: "seen" });
  }
  for (const id of ids)
    await until(async () => ((await desk.call(`items/${id}`)).body.enrichment ?? null) !== null, 60_000);
  await desk.call("statistics");
  await desk.call("audit");
  return ids;
}

/** Every key of Redis with what it holds, as `redis KEY`. */
async function valuesOf(redis: RedisServer): Promise<Map<string, string>> {
  const keys = (await redis.command("KEYS", "*")) as string[];
  const reads = {
    string: ["GET"],
    hash: ["HGETALL"],
    set: ["SMEMBERS"],
    list: ["LRANGE", 0, -1],
    zset: ["ZRANGE", 0, -1],
    stream: ["XRANGE", "-", "+"],
  } as const;
  const found = new Map<string, string>();
  for (const key of keys) {
    const type = (await redis.command("TYPE", key)) as keyof typeof reads;
    const [name, ...rest] = reads[type];
    found.set(`redis ${key}`, JSON.stringify(await redis.command(name, key, ...rest)));
  }
  return found;
}

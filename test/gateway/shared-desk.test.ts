import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { sampleDecision, sampleScoreRow, traceId } from "../conformance/samples.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";
import { openRig, TEST_KEY, type Rig } from "./records-rig.ts";

async function startServer(args: readonly string[] = []) {
  const server = await startRedis({ args });
  onTestFinished(() => server.stop());
  return server;
}

/** `LENSGATE_TEST_TRACES=500` makes it the proof at full size. */
const count = Number(process.env["LENSGATE_TEST_TRACES"] ?? 40);
const numbers = Array.from({ length: count }, (_, index) => index + 1);
const settled = (rig: Rig) =>
  until(async () => rig.records.health().state === "fine" && rig.records.health().outbox.waiting === 0, 20_000);

/** Every trace has exactly one item. */
async function expectAll(rig: Rig, expected = numbers) {
  const items = (await rig.records.queue.list({ limit: 1_000 })).map((item) => item.traceId);
  expect(items.toSorted()).toEqual(expected.map(traceId));
}

async function decide(rig: Rig, number: number) {
  const claim = await rig.records.queue.claim({ traceId: traceId(number), reviewer: "ada", leaseMs: 60_000 });
  await rig.records.decisions.add(sampleDecision(number, { verdict: "true_positive", note: "seen" }));
  await rig.records.queue.decide(traceId(number), claim?.token ?? "");
}

describeWithRedis("two gateways with one Redis", () => {
  test("have one queue, and each opens the traces, re-reads, verdicts and scores of the other", async () => {
    const server = await startServer();
    const [one, other] = [openRig({ redis: server.url }), openRig({ redis: server.url })];
    await one.flag(1);
    await one.records.scores.add(sampleScoreRow(7));
    await one.records.enrichments.put(traceId(1), 5, '{"version":1}');
    await until(() => other.records.queue.get(traceId(1)).catch(() => undefined));
    expect(await other.records.traces.get(traceId(1))).toEqual({
      ...(await one.records.traces.get(traceId(1))),
      queued: true,
    });
    await until(() => other.records.enrichments.get(traceId(1)));
    await decide(other, 1);
    await until(() => one.records.decisions.latest(traceId(1)));
    expect(await one.records.decisions.list(traceId(1))).toMatchObject([{ verdict: "true_positive", note: "seen" }]);
    await until(async () => (await other.records.scores.list({ limit: 9 })).length === 2);
    await one.records.audit.add({ at: 1, actor: "ada", event: "note", traceId: traceId(1), detail: { sealed: "x" } });
    await until(async () => (await other.records.notesElsewhere(traceId(1))).length === 1);
    // The owner has seen the decision: nothing is sent again.
    await until(() => one.records.local.outbox.list({ kind: "item", epoch: "x", limit: 9 }).length === 0, 20_000);
    const texts = JSON.stringify(await dump(server));
    expect(texts).not.toMatch(/Question 1|ushi|"seen"/);
  });

  test("join what is alike across gateways", async () => {
    const server = await startServer();
    const [one, other] = [openRig({ redis: server.url }), openRig({ redis: server.url })];
    await one.flag(1, true);
    await settled(one);
    await other.flag(2, true);
    await settled(other);
    expect(await one.records.queue.get(traceId(1))).toMatchObject({ count: 2 });
    expect(await one.records.queue.stats()).toMatchObject({ waiting: 1 });
  });
});

describeWithRedis("a gateway whose driver changes", () => {
  test("takes along what nobody has decided, there and back", async () => {
    const server = await startServer();
    const environment = { LENSGATE_TRACE_KEY: TEST_KEY };
    const embedded = openRig({ environment });
    const folder = embedded.config.stateDir ?? "";
    for (const number of [1, 2]) await embedded.flag(number);
    await embedded.records.pump.flush();
    await embedded.records.close();
    const shared = openRig({ redis: server.url, folder });
    await until(async () => (await shared.records.queue.stats().catch(() => undefined))?.waiting === 2);
    await shared.flag(3);
    await settled(shared);
    await shared.records.close();
    const again = openRig({ folder, environment });
    await until(async () => (await again.records.queue.stats()).waiting === 3);
  });
});

async function dump(server: Awaited<ReturnType<typeof startServer>>): Promise<unknown[]> {
  const keys = (await server.command("KEYS", "*")) as string[];
  const read = { string: ["GET"], stream: ["XRANGE", "-", "+"], hash: ["HGETALL"], list: ["LRANGE", 0, -1] } as const;
  return Promise.all(
    keys.map(async (key) => {
      const kind = String(await server.command("TYPE", key));
      const [verb, ...rest] = read[kind as keyof typeof read] ?? ["TYPE"];
      return server.command(verb, key, ...rest);
    }),
  );
}

describeWithRedis("nothing flagged is lost and nothing is there twice when Redis", () => {
  test("is not there at the start", async () => {
    const server = await startServer();
    await server.kill();
    const rig = openRig({ redis: server.url });
    for (const number of numbers) expect((await rig.flag(number)).at(-1)).toMatchObject({ reason: "abort" });
    expect(rig.records.health()).toMatchObject({ state: "unreachable", outbox: { waiting: count } });
    await server.restart();
    await settled(rig);
    await expectAll(rig);
  });

  test("is killed under way, several times", async () => {
    const server = await startServer();
    const rig = openRig({ redis: server.url });
    await until(() => rig.records.health().state === "fine");
    for (const number of numbers) {
      if (number % 15 === 0) await server.kill();
      await rig.flag(number);
      if (number % 15 === 5 && number > 15) await server.restart();
    }
    await server.restart();
    await settled(rig);
    await expectAll(rig);
  });

  test("pauses: the end of a run does not wait for it", async () => {
    const server = await startServer();
    const rig = openRig({ redis: server.url });
    await rig.flag(1);
    await settled(rig);
    await server.pause(4_000);
    const startedAt = performance.now();
    for (const number of numbers.slice(1)) await rig.flag(number);
    const perRunMs = (performance.now() - startedAt) / (count - 1);
    expect(perRunMs).toBeLessThan(50);
    expect(rig.records.health().outbox.waiting).toBeGreaterThan(0);
    await settled(rig);
    await expectAll(rig);
  });

  test("is full: what it refused is there when it has room again", async () => {
    const server = await startServer();
    const rig = openRig({ redis: server.url });
    await rig.flag(1);
    await settled(rig);
    await server.command("CONFIG", "SET", "maxmemory", "1");
    for (const number of numbers.slice(1)) await rig.flag(number);
    await until(() => rig.records.health().state === "failing");
    expect(rig.records.health().outbox.waiting).toBe(count - 1);
    expect(
      Object.values(rig.records.tallies.redisFailures).reduce((sum, failures) => sum + failures, 0),
    ).toBeGreaterThan(0);
    await server.command("CONFIG", "SET", "maxmemory", "0");
    await settled(rig);
    await expectAll(rig);
  });

  test("is wiped: undecided items and every decision come back, decided items do not", async () => {
    const server = await startServer();
    const [one, other] = [openRig({ redis: server.url }), openRig({ redis: server.url })];
    for (const number of numbers) await one.flag(number);
    await settled(one);
    for (const number of [1, 2, 3]) await decide(other, number);
    await until(
      async () => one.records.local.outbox.list({ kind: "item", epoch: "x", limit: 99 }).length === count - 3,
      20_000,
    );
    await server.flush();
    await until(async () => (await one.records.queue.stats()).waiting === count - 3, 20_000);
    await settled(one);
    await expectAll(one, numbers.slice(3));
    const third = openRig({ redis: server.url });
    await until(async () => (await third.records.decisions.count()).true_positive === 3, 20_000);
    expect(await third.records.traces.get(traceId(9))).toMatchObject({ head: { id: traceId(9) } });
  });

  test("is wiped before its gateway saw a decision: nobody is asked again", async () => {
    const server = await startServer();
    const rig = openRig({ redis: server.url });
    await rig.flag(1);
    await settled(rig);
    await rig.records.decisions.add(sampleDecision(1, { verdict: "false_positive" }));
    await server.flush();
    // One that was under way may not have seen the loss.
    for (const _ of [1, 2]) await until(() => rig.records.pump.flush(), 20_000);
    expect(await rig.records.queue.get(traceId(1))).toMatchObject({ state: "decided" });
    expect(await rig.records.queue.stats()).toMatchObject({ waiting: 0, claimed: 0 });
  });

  test("wants a password that is wrong: flagged work is kept, and goes on with the right one", async () => {
    const server = await startServer(["--requirepass", "right"]);
    const environment = { LENSGATE_REDIS_PASSWORD: "wrong" };
    const rig = openRig({ redis: server.url, environment });
    await rig.flag(1);
    await wait(300);
    expect(rig.records.health()).toMatchObject({ state: "unreachable", outbox: { waiting: 1 } });
    expect(rig.lines.join("\n")).not.toMatch(/"wrong"|:wrong@/);
    const right = openRig({ redis: server.url.replace("//", "//:right@"), folder: rig.config.stateDir ?? "" });
    await settled(right);
    expect(await right.records.queue.get(traceId(1))).toMatchObject({ state: "waiting" });
    expect(right.lines.join("\n")).not.toContain("right@");
  });

  test("holds traces of another key: nothing is mixed, and the log says why", async () => {
    const server = await startServer();
    const one = openRig({ redis: server.url });
    await one.flag(1);
    await settled(one);
    const foreign = openRig({ redis: server.url, environment: { LENSGATE_TRACE_KEY: "77".repeat(32) } });
    await foreign.flag(2);
    await until(() => foreign.lines.join("\n").includes("another LENSGATE_TRACE_KEY"));
    expect(foreign.records.health()).toMatchObject({ state: "failing", outbox: { waiting: 1 } });
    expect(await one.records.queue.get(traceId(2))).toBeUndefined();
  });
});

describeWithRedis("whoever waits for new items", () => {
  test("is told again when that failed, before the delivery counts", async () => {
    const server = await startServer();
    const told: string[] = [];
    let broken = true;
    const rig = openRig({
      redis: server.url,
      async onAdded(id) {
        if (broken) throw new Error("no");
        told.push(id);
      },
    });
    await rig.flag(1);
    await until(() => rig.records.health().state === "failing");
    broken = false;
    await settled(rig);
    expect(told).toEqual([traceId(1)]);
  });
});

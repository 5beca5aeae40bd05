import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { TEST_KEY } from "../gateway/records-rig.ts";
import { logIn } from "../support/console-login.ts";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { runPolicy } from "../support/policy-command.ts";
import { describeWithRedis, startRedis, type RedisServer } from "../support/redis-server.ts";
import { ask, traceIdOf, until } from "../support/wire-reply.ts";

const PATIENCE_MS = 20_000;

describeWithRedis("two gateways with one Redis", () => {
  let redis: RedisServer;
  let [one, two]: LiveGateway[] = [];
  beforeAll(async () => {
    // Both have the same key, as they must.
    vi.stubEnv("LENSGATE_TRACE_KEY", TEST_KEY);
    redis = await startRedis();
    const options = {
      detectors: { fires: { at: { generated: 2 } } },
      policies: { stops: { detectors: { fires: { action: "abort" } } } },
      fields: { queue: { driver: "bullmq", redis: { url: redis.url } }, enrichment: { enabled: false } },
    };
    // One after the other: each loads the model.
    one = await startLive(options);
    two = await startLive(options);
  });
  afterAll(async () => {
    await one?.stop();
    await two?.stop();
    await redis?.stop();
    vi.unstubAllEnvs();
  });

  const at = (live: LiveGateway | undefined): LiveGateway => live ?? expect.unreachable("it did not start");
  const policy = (live: LiveGateway, ...words: string[]) => runPolicy(live.config.file, ...words);
  const comesTo = (live: LiveGateway, value: number) =>
    until(
      async () => (await live.metric('oversight_override_active{detector="fires",mode="monitor"}')) === value,
      PATIENCE_MS,
    );
  const replyOf = (live: LiveGateway) => ask(live, { content: "Hello", policy: "stops" });
  const trailOf = async (live: LiveGateway) =>
    (await createAuditLog(live.records).list({ limit: 50 }))
      .map(({ entry }) => entry)
      .filter(({ event }) => event.startsWith("override"));

  test("an override at one is in force at the other within seconds, on record there with who and why, and ended from there, too", async () => {
    const [here, there] = [at(one), at(two)];
    expect((await replyOf(there)).oversight?.action).toBe("abort");
    await policy(here, "override", "fires", "--for", "2h", "--reason", "it fires at everything");
    await comesTo(there, 1);
    const reply = await replyOf(there);
    expect(reply).toMatchObject({ finishReason: "length", oversight: { action: "would_abort" } });
    const trace = await there.traces.get(traceIdOf(reply));
    expect(trace?.evidence[0]?.decision.rule).toBe("stops.fires: abort, overridden to monitor");
    const [set] = await trailOf(here);
    expect(await trailOf(there)).toMatchObject([
      { actor: "ada", event: "override_heard", detail: { ...set?.detail, gateway: expect.stringMatching(/^\w{16}$/) } },
    ]);

    await policy(there, "restore", "fires");
    await comesTo(here, 0);
    for (const live of [here, there]) expect((await replyOf(live)).oversight?.action).toBe("abort");
    expect((await trailOf(here)).map(({ event }) => event)).toEqual(["override_end_heard", "override"]);
    expect((await trailOf(there)).map(({ event }) => event)).toEqual(["override_ended", "override_heard"]);

    const { headers } = await logIn(there.console);
    const shown = async () => {
      const answer = await fetch(`${there.console}/api/review/audit`, { headers });
      const { entries } = (await answer.json()) as { entries: { gateway: string; event: string }[] };
      return entries.filter(({ event }) => event.startsWith("override"));
    };
    await until(async () => (await shown()).length === 4, PATIENCE_MS);
    expect(new Set((await shown()).map(({ gateway }) => gateway)).size).toBe(2);
  });

  test("an override holds here while Redis is away, and at the other when it is back", async () => {
    const [here, there] = [at(one), at(two)];
    await redis.kill();
    await policy(here, "override", "fires", "--for", "2h", "--reason", "once more");
    await comesTo(here, 1);
    expect((await replyOf(here)).oversight?.action).toBe("would_abort");
    expect((await replyOf(there)).oversight?.action).toBe("abort");
    await redis.restart();
    await comesTo(there, 1);
    expect((await replyOf(there)).oversight?.action).toBe("would_abort");
    await policy(here, "restore", "fires");
    await comesTo(there, 0);
    expect((await replyOf(there)).oversight?.action).toBe("abort");
  });

  test("both say what BullMQ counts, and answer without it while Redis stands still", async () => {
    const said = async (live: LiveGateway) =>
      (await (await fetch(`${live.console}/metrics`)).text()).split("\n").filter((line) => line.startsWith("bullmq_"));
    const job = 'bullmq_job_count{queue="review",state="prioritized"} ';
    const waiting = (lines: readonly string[]) => Number(lines.find((line) => line.startsWith(job))?.slice(job.length));
    await until(async () => waiting(await said(at(one))) > 0, PATIENCE_MS);
    await until(async () => (await said(at(two))).join() === (await said(at(one))).join(), PATIENCE_MS);
    expect(await said(at(one))).toHaveLength(2 * 9);
    redis.freeze();
    const without = await said(at(one));
    redis.thaw();
    expect(without).toEqual([]);
    await until(async () => waiting(await said(at(one))) > 0, PATIENCE_MS);
  });
});

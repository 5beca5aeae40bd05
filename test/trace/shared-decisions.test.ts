import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { RedisHandle } from "../../src/trace/redis.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSettings } from "../../src/trace/settings.ts";
import { createSharedDecisions } from "../../src/trace/shared-decisions.ts";
import { describeDecisionStore } from "../conformance/decision-store.ts";
import { sampleDecision, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const sealing = createSealing(new Uint8Array(32).fill(3));

function openStore(redis: RedisHandle) {
  const database = openDatabase({ folder: temporaryFolder() });
  const local = createDecisionStore(database, sealing);
  const logged: unknown[] = [];
  const store = createSharedDecisions({
    redis,
    sealing,
    settings: createSettings(database),
    local,
    log: { error: (...entry: unknown[]) => void logged.push(entry) },
    onAdded: () => undefined,
  });
  return { ...store, local, logged };
}

describeWithRedis("shared decisions", () => {
  describeDecisionStore("the decisions of several gateways", async () => openStore((await openTestRedis()).handle));

  test("a decision of one gateway is found by another, note and all, once", async () => {
    const { handle, server } = await openTestRedis();
    const [one, other] = [openStore(handle), openStore(handle)];
    const given = [sampleDecision(1, { note: "sushi again" }), sampleDecision(2)];
    for (const decision of given) await one.add(decision);
    expect(await other.latest(traceId(1))).toBeUndefined();
    await one.step.run("a");
    expect(await other.list(traceId(1))).toEqual([given[0]]);
    await other.step.run("a");
    await one.step.run("a");
    expect(await one.list(traceId(1))).toEqual([given[0]]);
    expect(await server.command("XLEN", "test:shared:decisions")).toBe(2);
    expect(JSON.stringify(await server.command("XRANGE", "test:shared:decisions", "-", "+"))).not.toContain("sushi");
  });

  test("what Redis lost comes back from whoever knows it, also from a gateway that did not decide it", async () => {
    const { handle, server } = await openTestRedis();
    const [one, other, third] = [openStore(handle), openStore(handle), openStore(handle)];
    await one.add(sampleDecision(1));
    await one.step.run("a");
    await other.step.run("a");
    await server.flush();
    await other.add(sampleDecision(2));
    await other.step.run("b");
    expect(await third.latest(traceId(1))).toMatchObject({ verdict: "unsure" });
    expect(await third.latest(traceId(2))).toMatchObject({ verdict: "unsure" });
    await one.step.run("b");
    expect(await one.count()).toMatchObject({ unsure: 2 });
    expect(await server.command("XLEN", "test:shared:decisions")).toBe(2);
  });

  test("more than one batch is sent and read", async () => {
    const { handle } = await openTestRedis();
    const [one, other] = [openStore(handle), openStore(handle)];
    one.local.addAll(Array.from({ length: 450 }, (_, number) => sampleDecision(number)));
    await one.step.run("a");
    expect(await other.count()).toMatchObject({ unsure: 450 });
  });

  test("while Redis is away decisions are taken and read here", async () => {
    const { handle, server, answering } = await openTestRedis();
    const [one, other] = [openStore(handle), openStore(handle)];
    await server.kill();
    await one.add(sampleDecision(1));
    expect(await one.latest(traceId(1))).toMatchObject({ verdict: "unsure" });
    await expect(one.step.run("a")).rejects.toMatchObject({ code: "review_unavailable" });
    await server.restart();
    await answering();
    await one.step.run("b");
    expect(await other.latest(traceId(1))).toMatchObject({ verdict: "unsure" });
  });

  test("a forged decision counts for nothing, and the log says so", async () => {
    const { handle, server } = await openTestRedis();
    const store = openStore(handle);
    const body = JSON.stringify(sampleDecision(1));
    await server.command("XADD", "test:shared:decisions", "*", "id", "de_forged", "body", body);
    await store.add(sampleDecision(2));
    await store.step.run("a");
    expect(await store.latest(traceId(1))).toBeUndefined();
    expect(await store.count()).toMatchObject({ unsure: 1 });
    expect(store.logged).toHaveLength(1);
  });
});

import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import type { RedisHandle } from "../../src/trace/redis.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSettings } from "../../src/trace/settings.ts";
import { createLogPush, createSharedLog } from "../../src/trace/shared-log.ts";
import { createSharedScores } from "../../src/trace/shared-scores.ts";
import { describeScoreLog } from "../conformance/score-log.ts";
import { sampleScoreRow } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const sealing = createSealing(new Uint8Array(32).fill(3));

function openScores(redis: RedisHandle, gatewayId: string, maxRows = 1_000) {
  const database = openDatabase({ folder: temporaryFolder() });
  const local = createScoreLog(database);
  const log = createSharedLog({ redis, sealing, name: "scores" });
  const settings = createSettings(database);
  let now = 0;
  // Every look is a fresh one.
  const clock = () => (now += 10_000);
  const push = createLogPush({ log, name: "scores", gatewayId, settings, read: local.own, maxLines: maxRows });
  return { ...createSharedScores({ log, local, gatewayId, maxRows, clock }), local, push };
}

describeWithRedis("shared scores", () => {
  describeScoreLog("the scores of several gateways", async () => openScores((await openTestRedis()).handle, "a"));

  test("every gateway sees every row once, its own included", async () => {
    const { handle } = await openTestRedis();
    const [one, other] = [openScores(handle, "a"), openScores(handle, "b")];
    for (const number of [1, 3]) await one.add(sampleScoreRow(number));
    await other.add(sampleScoreRow(2));
    await one.push.run("epoch");
    await other.push.run("epoch");
    const seen = async (log: typeof one) => (await log.list({ limit: 9 })).map(({ requestId }) => requestId);
    const all = ["request-3", "request-2", "request-1"];
    expect([await seen(one), await seen(other), await seen(other)]).toEqual([all, all, all]);
    expect(await one.count()).toBe(3);
    // What came from others is not sent on.
    await other.push.run("other epoch");
    expect(await seen(one)).toEqual(all);
  });

  test("a request of another gateway is found, with whose it is", async () => {
    const { handle } = await openTestRedis();
    const [one, other] = [openScores(handle, "a"), openScores(handle, "b")];
    await one.add(sampleScoreRow(1));
    await one.push.run("epoch");
    expect(await other.find({ requestId: "request-1", limit: 9 })).toEqual([{ row: sampleScoreRow(1), origin: "a" }]);
    expect(await one.find({ requestId: "request-1", limit: 9 })).toEqual([{ row: sampleScoreRow(1), origin: null }]);
  });

  test("of other gateways the newest rows are kept", async () => {
    const { handle } = await openTestRedis();
    const [one, other] = [openScores(handle, "a"), openScores(handle, "b", 20)];
    for (let number = 1; number <= 50; number += 1) await one.add(sampleScoreRow(number));
    await one.push.run("epoch");
    expect(await other.count()).toBe(20);
    expect((await other.list({ limit: 1 }))[0]?.requestId).toBe("request-50");
    expect(await other.count()).toBe(20);
  });

  test("while Redis is away what is here is shown", async () => {
    const { handle, server } = await openTestRedis();
    const one = openScores(handle, "a");
    await one.add(sampleScoreRow(1));
    await server.kill();
    expect(await one.count()).toBe(1);
  });
});

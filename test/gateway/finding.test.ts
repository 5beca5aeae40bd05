import { expect, onTestFinished, test } from "vitest";
import { sampleScoreRow, traceId } from "../conformance/samples.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";
import { openRig } from "./records-rig.ts";

test("a flagged request is found by its id, and after its deletion, too", async () => {
  const { records, flag } = openRig();
  await flag(1);
  await records.pump.flush();
  const { finder, local } = records;
  expect((await finder.find("request-1")).runs).toMatchObject([
    { traceId: traceId(1), gateway: local.gatewayId, action: "abort", record: "kept", item: { state: "waiting" } },
  ]);
  await records.erasing.erase({ traceId: traceId(1), actor: "lee", reason: "" });
  expect((await finder.find("request-1")).runs).toMatchObject([{ flagged: true, record: "deleted", item: null }]);
});

test("what may be blind by the configuration is hidden before it is an item", async () => {
  const { records, flag } = openRig({ review: { blind: 1 } });
  await flag(1);
  expect((await records.finder.find("request-1", "ada")).runs).toMatchObject([{ hidden: true, detectors: [] }]);
});

describeWithRedis("finding with a shared queue", () => {
  test("requests of another gateway are found, flagged or not, and those of this one while Redis is away", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const [one, other] = [openRig({ redis: server.url }), openRig({ redis: server.url })];
    await one.flag(1);
    await one.records.local.scores.add(sampleScoreRow(8, { traceId: traceId(8) }));
    await other.records.local.scores.add(sampleScoreRow(9));
    const gateway = one.records.local.gatewayId;
    const find = async (id: string) => (await other.records.finder.find(id)).runs;
    // Its row is written last, so that the trace and the item are there.
    await until(async () => (await find("request-8").catch(() => [])).length === 1, 20_000);
    expect(await find("request-8")).toMatchObject([{ gateway, flagged: false, record: "none", item: null }]);
    await until(async () => (await find("request-1"))[0]?.item?.state === "waiting", 20_000);
    expect(await find("request-1")).toMatchObject([{ gateway, action: "abort", record: "kept" }]);
    await server.kill();
    expect(await find("request-9")).toMatchObject([{ gateway: other.records.local.gatewayId }]);
    expect(await find("request-8")).toMatchObject([{ gateway }]);
  });
});

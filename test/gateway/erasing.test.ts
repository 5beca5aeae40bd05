import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { sampleScoreRow, traceId } from "../conformance/samples.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";
import { openRig, type Rig } from "./records-rig.ts";

const erase = ({ records }: Rig, number: number) =>
  records.erasing.erase({ traceId: traceId(number), actor: "lee", reason: "asked for" });
const auditOf = async ({ records }: Rig) =>
  (await records.audit.list({ limit: 9 })).map(({ entry: { actor, event, traceId: id, detail } }) => ({
    actor,
    event,
    id,
    detail,
  }));
const waiting = async ({ records }: Rig) =>
  (await records.queue.list({ limit: 99, state: "waiting" })).map(({ traceId: id, count }) => [id, count]);

test("an erased trace is nowhere, and the audit log says who and why", async () => {
  const rig = openRig();
  for (const number of [1, 2]) await rig.flag(number);
  await rig.records.enrichments.put(traceId(1), 5, '{"version":1}');
  await erase(rig, 1);
  expect(await rig.records.traces.get(traceId(1))).toBeUndefined();
  expect(await rig.records.enrichments.get(traceId(1))).toBeUndefined();
  expect(await waiting(rig)).toEqual([[traceId(2), 1]]);
  expect(await auditOf(rig)).toEqual([
    { actor: "lee", event: "delete", id: traceId(1), detail: { reason: "asked for" } },
  ]);
  await rig.records.pump.flush();
  expect(await waiting(rig)).toEqual([[traceId(2), 1]]);
});

test("traces that had joined its item get one of their own", async () => {
  const rig = openRig();
  for (const number of [1, 2, 3]) await rig.flag(number, true);
  await rig.records.pump.flush();
  await erase(rig, 1);
  await rig.records.pump.flush();
  expect(await waiting(rig)).toEqual([[traceId(2), 2]]);
  await erase(rig, 3);
  expect(await waiting(rig)).toEqual([[traceId(2), 1]]);
});

test("a round with nothing to take away waits for no lock on the database", async () => {
  const rig = openRig();
  await rig.flag(1);
  await erase(rig, 1);
  const other = openDatabase({ folder: rig.config.stateDir ?? "" });
  other.prepare("BEGIN IMMEDIATE").run();
  const startedAt = performance.now();
  await rig.records.erasing.step.run("embedded");
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  other.prepare("ROLLBACK").run();
  other.close();
});

test("what is not there and what is still written is refused by name", async () => {
  const rig = openRig();
  await rig.flag(1);
  rig.records.local.database.prepare("UPDATE traces SET state = 'open'").run();
  await expect(erase(rig, 1)).rejects.toMatchObject({ code: "conflict" });
  await expect(erase(rig, 2)).rejects.toMatchObject({ code: "not_found" });
  expect(await auditOf(rig)).toEqual([]);
});

test("traces are found by their own id and by that of their request", async () => {
  const rig = openRig();
  await rig.flag(1);
  const { find } = rig.records.erasing;
  expect(await find(traceId(1))).toEqual([traceId(1)]);
  expect(await find("request-1")).toEqual([traceId(1)]);
  expect(await find(traceId(2))).toEqual([]);
  expect(await find("request-2")).toEqual([]);
});

describeWithRedis("erasing with a shared queue", () => {
  async function openTwo() {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const rigs = [openRig({ redis: server.url }), openRig({ redis: server.url })] as const;
    return { server, rigs };
  }
  const isShared = (rig: Rig, number: number) =>
    until(() => rig.records.queue.itemOf(traceId(number)).catch(() => undefined), 20_000);

  test("what one gateway erases goes from Redis and from the disk of the other", async () => {
    const { server, rigs } = await openTwo();
    const [one, other] = rigs;
    await one.flag(1);
    await isShared(other, 1);
    await other.records.enrichments.put(traceId(1), 5, '{"version":1}');
    await until(() => one.records.enrichments.get(traceId(1)));
    await erase(one, 1);
    await until(async () => (await other.records.local.enrichments.get(traceId(1))) === undefined, 20_000);
    expect(await other.records.traces.get(traceId(1))).toBeUndefined();
    expect(await other.records.queue.itemOf(traceId(1))).toBeUndefined();
    const keys = (await server.command("KEYS", "*")) as string[];
    // That it is to be read again is forgotten when its turn comes.
    const named = keys.filter((key) => key.includes(traceId(1)) && !key.startsWith("lensgate:enrichment:"));
    expect(named).toEqual([]);
  });

  test("a gateway deletes what only another has, which deletes it, too, and delivers what had joined", async () => {
    const { rigs } = await openTwo();
    const [one, other] = rigs;
    await one.flag(1, true);
    await isShared(other, 1);
    await one.flag(2, true);
    await until(async () => (await other.records.queue.get(traceId(1)))?.count === 2, 20_000);
    await erase(other, 1);
    await until(async () => (await one.records.local.traces.get(traceId(1))) === undefined, 20_000);
    await until(async () => (await waiting(other)).length === 1, 20_000);
    expect(await waiting(other)).toEqual([[traceId(2), 1]]);
    expect(await auditOf(other)).toHaveLength(1);
  });

  test("while Redis is away the trace goes from this disk, and from Redis when it is back", async () => {
    const { server, rigs } = await openTwo();
    const [one, other] = rigs;
    await one.flag(1);
    await isShared(other, 1);
    await server.kill();
    await erase(one, 1);
    expect(await one.records.local.traces.get(traceId(1))).toBeUndefined();
    await server.restart();
    await until(async () => (await other.records.queue.itemOf(traceId(1)).catch(() => "away")) === undefined, 30_000);
    expect(await other.records.traces.get(traceId(1))).toBeUndefined();
  });

  test("a request of another gateway is found by its id", async () => {
    const { rigs } = await openTwo();
    const [one, other] = rigs;
    await one.flag(1);
    await one.records.local.scores.add(sampleScoreRow(8, { traceId: traceId(8) }));
    await isShared(other, 1);
    await until(async () => (await other.records.erasing.find("request-1")).length === 1, 20_000);
    expect(await other.records.erasing.find("request-8")).toEqual([]);
  });
});

test("no file of the state folder holds what was erased", async () => {
  const rig = openRig({ environment: { LENSGATE_TRACE_KEY: "5e".repeat(32) } });
  await rig.flag(1);
  const sealed = rig.records.local.database.prepare<{ head: string }>("SELECT head FROM traces").get()?.head ?? "";
  const folder = rig.config.stateDir ?? "";
  const onDisk = () =>
    readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), "latin1"))
      .join("");
  expect(onDisk()).toContain(sealed.slice(20, 60));
  await erase(rig, 1);
  expect(onDisk()).not.toContain(sealed.slice(20, 60));
});

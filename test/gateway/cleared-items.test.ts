import { expect, onTestFinished, test } from "vitest";
import { createVerdicts } from "../../src/review/verdicts.ts";
import { traceId } from "../conformance/samples.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";
import { openRig, type Rig } from "./records-rig.ts";

const DAY_MS = 86_400_000;
const LEA = { reviewer: "lea", role: "lead" } as const;

function deskOf({ records }: Rig) {
  return createVerdicts({ ...records, log: { error: () => undefined }, secondOpinion: 0 });
}

const confirm = (rig: Rig, number: number) =>
  deskOf(rig).decide({ ...LEA, traceId: traceId(number), verdict: "true_positive", note: "" });

async function startServer() {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server;
}

const isSettled = ({ records }: Rig) =>
  records.local.outbox.list({ kind: "item", epoch: "x", limit: 9 }).length === 0 &&
  records.local.outbox.waiting() === 0;

describeWithRedis("a decided item that has run out", () => {
  test("leaves Redis, is still shown where it was flagged, and can be opened again there", async () => {
    const server = await startServer();
    let now = Date.now();
    const clock = () => now;
    const [one, other] = [openRig({ redis: server.url, clock }), openRig({ redis: server.url, clock })];
    await one.flag(1, true);
    await until(() => other.records.queue.get(traceId(1)).catch(() => undefined));
    await one.flag(2, true);
    await until(async () => (await other.records.queue.get(traceId(1)))?.count === 2);
    await confirm(other, 1);
    await until(() => isSettled(one), 20_000);
    now += 29 * DAY_MS;
    await other.records.pump.flush();
    expect(await other.records.queue.stats()).toMatchObject({ decided: 1 });
    now += DAY_MS + 60_000;
    await other.records.pump.flush();
    expect(await other.records.queue.stats()).toMatchObject({ decided: 0 });
    expect(await server.command("KEYS", `*desk*${traceId(1)}*`)).toEqual([]);
    // The verdict is everywhere; the item where its trace is.
    expect(await other.records.decisions.count()).toMatchObject({ true_positive: 1 });
    expect(await other.records.queue.get(traceId(1))).toBeUndefined();
    expect(await one.records.queue.get(traceId(1))).toMatchObject({ state: "decided", count: 2 });
    expect(await one.records.finder.find(traceId(2))).toMatchObject({
      runs: [{ traceId: traceId(2), item: { traceId: traceId(1), state: "decided" } }],
    });
    await deskOf(one).undo({ ...LEA, traceId: traceId(1) });
    await until(async () => (await other.records.queue.get(traceId(1)))?.state === "waiting", 20_000);
    expect(await other.records.queue.stats()).toMatchObject({ waiting: 1, decided: 0 });
  });

  test("goes as soon as its trace may", async () => {
    const server = await startServer();
    let now = Date.now();
    const rest = { retention: { tracesMs: 2 * DAY_MS } };
    const rig = openRig({ redis: server.url, clock: () => now, rest });
    await rig.flag(1);
    await until(() => rig.records.queue.get(traceId(1)).catch(() => undefined));
    await confirm(rig, 1);
    now += 2 * DAY_MS + 60_000;
    await until(async () => {
      await rig.records.pump.flush();
      return (await rig.records.queue.stats()).decided === 0;
    });
  });

  test.each(["the same", "a restarted"])(
    "does not wait again when a gateway that was away comes back to %s Redis",
    async (which) => {
      const server = await startServer();
      let now = Date.now();
      const one = openRig({ redis: server.url });
      const other = openRig({ redis: server.url, clock: () => now });
      await one.flag(1);
      await until(() => other.records.queue.get(traceId(1)).catch(() => undefined));
      await one.records.pump.flush();
      await one.records.close();
      await confirm(other, 1);
      now += 40 * DAY_MS;
      await until(async () => {
        await other.records.pump.flush();
        return (await other.records.queue.stats()).decided === 0;
      });
      if (which === "a restarted") await server.restart();
      const again = openRig({ redis: server.url, folder: one.config.stateDir ?? "" });
      await until(() => isSettled(again), 20_000);
      expect(await again.records.queue.stats()).toMatchObject({ waiting: 0, claimed: 0 });
      expect(await again.records.queue.get(traceId(1))).toMatchObject({ state: "decided" });
    },
  );
});

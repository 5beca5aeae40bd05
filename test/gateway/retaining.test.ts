import { expect, onTestFinished, test } from "vitest";
import { removeOnce, startRetaining } from "../../src/gateway/retaining.ts";
import { sampleScoreRow, traceId } from "../conformance/samples.ts";
import { noteLog } from "../support/live-gateway.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";
import { openRig, type Rig } from "./records-rig.ts";

const DAY_MS = 86_400_000;
/** The samples are of November 2023. */
const NOW = 1_700_000_000_000 + 30 * DAY_MS;

function look({ records }: Rig, retention: object) {
  const lines: string[] = [];
  return removeOnce({ retentionNow: () => retention, records, log: noteLog(lines), clock: () => NOW }).then(
    (removed) => ({
      removed,
      lines,
    }),
  );
}

test("what has run out goes with its item, and the audit log has one entry with the numbers", async () => {
  const rig = openRig();
  for (const number of [1, 2, 3]) await rig.flag(number);
  await rig.records.pump.flush();
  const { removed, lines } = await look(rig, { tracesMs: 7 * DAY_MS });
  expect(removed).toMatchObject({ traces: 3, unreviewed: 3 });
  await rig.records.pump.flush();
  expect(await rig.records.queue.list({ limit: 9 })).toEqual([]);
  expect(await rig.records.traces.get(traceId(1))).toBeUndefined();
  const [entry] = await rig.records.audit.list({ limit: 9 });
  expect(entry?.entry).toMatchObject({
    actor: "gateway",
    event: "retention",
    traceId: null,
    detail: { traces: 3, unreviewed: 3, enrichments: 0, scores: 0 },
  });
  expect(lines.join()).toMatch(/^warn what has run out is removed/);
});

test("a look that removes nothing leaves no entry", async () => {
  const rig = openRig();
  await rig.flag(1);
  await look(rig, { tracesMs: 40 * DAY_MS, tracesMax: 5, scoresMs: 40 * DAY_MS });
  expect(await rig.records.audit.list({ limit: 9 })).toEqual([]);
});

test("looks end when the gateway does", async () => {
  const rig = openRig();
  const retaining = startRetaining({ retentionNow: () => ({}), records: rig.records, log: noteLog([]) });
  await retaining.close();
});

describeWithRedis("score rows in Redis", () => {
  test("go when they have run out here", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const rig = openRig({ redis: server.url });
    const { scores, gatewayId } = rig.records.local;
    for (const number of [1, 2]) await scores.add(sampleScoreRow(number));
    await scores.add(sampleScoreRow(3, { createdAt: NOW }));
    const key = `lensgate:shared:scores:${gatewayId}`;
    rig.records.pump.wake();
    await until(async () => (await server.command("XLEN", key)) === 3, 20_000);
    const { removed } = await look(rig, { scoresMs: DAY_MS });
    expect(removed).toMatchObject({ scores: 2, firstScore: 3 });
    expect(await server.command("XLEN", key)).toBe(1);
  });
});

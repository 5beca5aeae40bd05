import { expect, test } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import { sampleDecision, traceId } from "../conformance/samples.ts";
import { until } from "../support/wire-reply.ts";
import { openRig } from "./records-rig.ts";

test("a flagged run is an item when its client hears of its end, and its texts are sealed on disk", async () => {
  const { records, flag } = openRig();
  await flag(1);
  expect(await records.queue.get(traceId(1))).toMatchObject({ state: "waiting", action: "abort", blind: false });
  expect(await records.traces.get(traceId(1))).toMatchObject({ queued: true, state: "complete" });
  const rows = ["SELECT * FROM traces", "SELECT * FROM evidence", "SELECT * FROM outbox", "SELECT * FROM review_items"];
  const onDisk = rows.map((sql) => JSON.stringify(records.local.database.prepare(sql).all())).join();
  expect(onDisk).not.toMatch(/Question 1|ushi/);
  await until(() => records.health().outbox.waiting === 0);
});

test("alike runs join one item, and are counted", async () => {
  const { records, flag } = openRig();
  for (const number of [1, 2, 3]) await flag(number, true);
  await flag(4);
  expect(await records.queue.stats()).toMatchObject({ waiting: 2 });
  expect(await records.queue.get(traceId(1))).toMatchObject({ count: 3 });
  await records.pump.flush();
  expect(records.tallies.joined).toEqual({ repeated: 2, flood: 0 });
});

test("a flood of one key joins one item and is told of", async () => {
  const { records, flag, lines } = openRig({ review: { newItemsPerMinute: 2 } });
  for (const number of [1, 2, 3, 4, 5]) await flag(number);
  expect(await records.queue.stats()).toMatchObject({ waiting: 3 });
  await records.pump.flush();
  expect(records.tallies.joined).toEqual({ repeated: 0, flood: 2 });
  expect(lines.filter((line) => line.includes("more is flagged than may become items"))).toHaveLength(1);
});

test("whoever wants to know of new items is told of each, not of what joins", async () => {
  const told: string[] = [];
  const rig = openRig({ onAdded: async (id) => void told.push(id) });
  await rig.flag(1, true);
  await rig.flag(2, true);
  expect(told).toEqual([traceId(1)]);
});

test("an item's row is settled when its decision is seen, and comes back when that is withdrawn", async () => {
  const { records, flag } = openRig();
  await flag(1);
  await records.pump.flush();
  const claim = await records.queue.claim({ reviewer: "ada", leaseMs: 60_000 });
  await records.decisions.add(sampleDecision(1));
  await records.queue.decide(traceId(1), claim?.token ?? "");
  await records.pump.flush();
  const open = () => records.local.outbox.list({ kind: "item", epoch: "elsewhere", limit: 9 });
  expect(open()).toEqual([]);
  await records.decisions.add(sampleDecision(1, { verdict: "withdrawn" }));
  await records.queue.reopen(traceId(1), { stage: "first", excluded: [] });
  await until(() => open().length === 1);
});

test("when the outbox is full, a run that would be flagged ends unavailable with nothing of the firing token", async () => {
  const { records, flag, lines } = openRig({
    redis: "redis://127.0.0.1:1",
    queue: { outboxLimit: 10 },
  });
  for (let number = 1; number <= 10; number += 1)
    expect((await flag(number)).at(-1)).toMatchObject({ reason: "abort" });
  const refused = await flag(11);
  expect(refused.map(({ type }) => type)).toEqual(["prompt-judged", "tokens-released", "run-ended"]);
  expect(refused.at(-1)).toMatchObject({ reason: "unavailable", releasedTokens: 1 });
  expect(await records.local.traces.get(traceId(11))).toBeUndefined();
  expect((await records.local.scores.list({ limit: 1 }))[0]).toMatchObject({ reason: "unavailable", flagged: true });
  expect(records.health()).toMatchObject({ state: "unreachable", outbox: { waiting: 10, limit: 10 }, refuses: true });
  expect(lines.join("\n")).toContain("there is no room for another flagged generation");
});

test("a full outbox that may drop lets the run go on, records it and counts what gets no item", async () => {
  const { records, flag } = openRig({
    redis: "redis://127.0.0.1:1",
    queue: { outboxLimit: 10, whenFull: "drop" },
  });
  for (let number = 1; number <= 12; number += 1)
    expect((await flag(number)).at(-1)).toMatchObject({ reason: "abort" });
  expect(records.tallies.dropped).toBe(2);
  expect(await records.local.traces.get(traceId(12))).toMatchObject({ state: "complete", queued: true });
  expect(records.health()).toMatchObject({ outbox: { waiting: 10 }, refuses: false });
});

test("gateways that share a queue need the key from the environment", () => {
  expect(() => openRig({ redis: "redis://127.0.0.1:1", environment: { LENSGATE_TRACE_KEY: "" } })).toThrow(ConfigError);
});

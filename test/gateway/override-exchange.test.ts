import { expect, onTestFinished, test } from "vitest";
import { createOverrideExchange } from "../../src/gateway/override-exchange.ts";
import { endOverrides, setOverride } from "../../src/review/overriding.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createOverrideStore } from "../../src/trace/override-store.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSettings, gatewayIdOf } from "../../src/trace/settings.ts";
import { createSharedOverrides, type SharedOverrides } from "../../src/trace/shared-overrides.ts";
import { temporaryFolder } from "../support/folder.ts";
import { noteLog } from "../support/live-gateway.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wire-reply.ts";
import { openRig, type Rig } from "./records-rig.ts";

const HOUR_MS = 3_600_000;
const wish = { detector: "sea", mode: "monitor", lastsMs: HOUR_MS, reason: "a night", actor: "ada" } as const;

/** The state of one gateway and the way to Redis, driven by hand. */
function openGateway(shared: SharedOverrides, folder = temporaryFolder()) {
  const database = openDatabase({ folder });
  const time = { passedMs: 0 };
  const clock = () => Date.now() + time.passedMs;
  const settings = createSettings(database);
  const store = createOverrideStore(database, clock);
  const audit = createAuditLog(database);
  const lines: string[] = [];
  const local = { overrides: store, settings, gatewayId: gatewayIdOf(settings) };
  const step = createOverrideExchange({ local, shared, audit, log: noteLog(lines), clock });
  return {
    folder,
    store,
    lines,
    time,
    id: local.gatewayId,
    run: (epoch = "one") => step.run(epoch),
    set: (changes: Partial<typeof wish> = {}) => setOverride({ store, audit, clock }, { ...wish, ...changes }),
    end: (id: string, reviewer = "bo") =>
      endOverrides({ store, audit, clock }, { isMeant: (each) => each.id === id, reviewer }),
    list: () => store.list().map(({ id }) => id),
    trail: async () => (await audit.list({ limit: 50 })).map(({ entry }) => entry).toReversed(),
  };
}
type Gateway = ReturnType<typeof openGateway>;

async function openThree() {
  const { handle, server } = await openTestRedis();
  const sealing = createSealing(new Uint8Array(32).fill(7));
  const shared = createSharedOverrides(handle, sealing, { error: () => undefined });
  const [one, two, three] = [openGateway(shared), openGateway(shared), openGateway(shared)] as const;
  return { server, shared, one, two, three };
}
async function runAll(gateways: readonly Gateway[], epoch = "one"): Promise<void> {
  for (const gateway of gateways) await gateway.run(epoch);
}

describeWithRedis("overrides of several gateways", () => {
  test("one that is set here is there with who, when and why, on record with where it comes from", async () => {
    const { one, two } = await openThree();
    const made = await one.set();
    await runAll([one, two, two, one]);
    expect(two.store.list()).toEqual([{ ...made, gateway: one.id }]);
    expect(one.store.list()).toEqual([made]);
    const { id, detector, mode, reason } = made;
    const detail = { id, detector, mode, until: new Date(made.until).toISOString(), reason, gateway: one.id };
    expect(await two.trail()).toMatchObject([{ actor: "ada", event: "override_heard", traceId: null, detail }]);
    expect(await one.trail()).toHaveLength(1);
  });

  test("one that is ended anywhere is over everywhere, and no copy brings it back", async () => {
    const { one, two, three, server } = await openThree();
    const { id } = await one.set();
    await runAll([one, two]);
    await two.end(id);
    // The third hears of it and of its end at the same time.
    await runAll([two, three, one]);
    for (const gateway of [one, two, three]) expect(gateway.list()).toEqual([]);
    expect((await one.trail()).at(-1)).toMatchObject({
      actor: "bo",
      event: "override_end_heard",
      detail: { id, detector: "sea", mode: "monitor", gateway: two.id },
    });
    expect(await three.trail()).toEqual([]);
    await server.flush();
    await runAll([three, one, two, three, one], "two");
    for (const gateway of [one, two, three]) expect(gateway.list()).toEqual([]);
    expect(await one.trail()).toHaveLength(2);
  });

  test("a gateway that was away while one was ended does not bring it back, and ends it", async () => {
    const { one, two, three, server } = await openThree();
    const { id } = await one.set();
    await runAll([one, two, three]);
    await one.end(id);
    await runAll([one, two]);
    expect(three.list()).toEqual([id]);
    await server.flush();
    await runAll([three, two, one, three], "two");
    for (const gateway of [one, two, three]) expect(gateway.list()).toEqual([]);
  });

  test("after Redis was wiped everyone tells what they know, also of a gateway that is gone", async () => {
    const { one, two, three, server } = await openThree();
    const made = await one.set();
    await runAll([one, two]);
    await server.flush();
    await runAll([two, three], "two");
    expect(three.store.list()).toEqual([{ ...made, gateway: one.id }]);
  });

  test("while Redis is away what is known stays, and what was set meanwhile is told afterwards", async () => {
    const { one, two, server } = await openThree();
    const first = await one.set();
    await runAll([one, two]);
    await server.kill();
    const second = await one.set({ detector: "sea" });
    await expect(one.run()).rejects.toMatchObject({ code: "review_unavailable" });
    await expect(two.run()).rejects.toMatchObject({ code: "review_unavailable" });
    expect(two.list()).toEqual([first.id]);
    expect(one.list()).toEqual([first.id, second.id]);
    await server.restart();
    await until(() =>
      one.run("two").then(
        () => true,
        () => false,
      ),
    );
    await until(() =>
      two.run("two").then(
        () => true,
        () => false,
      ),
    );
    expect(two.list()).toEqual([first.id, second.id]);
  });

  test("one whose time is over is neither told nor taken over", async () => {
    const { one, two, three } = await openThree();
    const { id } = await one.set();
    await runAll([one]);
    two.time.passedMs = HOUR_MS;
    three.time.passedMs = HOUR_MS - 60_000;
    await runAll([two, three]);
    expect(two.list()).toEqual([]);
    expect(three.list()).toEqual([id]);
    expect(await two.trail()).toEqual([]);
  });

  test("what no command could have set is passed over by name, told of once, and disturbs nothing", async () => {
    const { one, two, shared } = await openThree();
    const made = await one.set();
    const told = { ...made, gateway: one.id };
    const eight = Date.now() + 8 * 86_400_000;
    await shared.tell([
      { id: "ov_long", body: { override: { ...told, id: `ov_${"1".repeat(16)}`, until: eight } } },
      { id: "ov_strange", body: { override: { ...told, id: `ov_${"2".repeat(16)}`, mode: "off" } } },
      { id: "ov_text", body: "all of it" },
      { id: "ov_nothing", body: {} },
      { id: `${made.id}:ended`, body: { ending: { id: made.id, until: eight, at: 1, actor: "eve", gateway: one.id } } },
    ]);
    await runAll([one, two, two]);
    expect(two.list()).toEqual([made.id]);
    expect(two.lines.filter((line) => line.startsWith("warn"))).toHaveLength(4);
    expect(two.lines.join("\n")).not.toContain("a night");
    expect(await two.trail()).toHaveLength(1);
  });

  test("one that cannot be put on record is not in force, and is taken over when it can", async () => {
    const { one, two, shared } = await openThree();
    const { id } = await one.set();
    await runAll([one]);
    const database = openDatabase({ folder: two.folder });
    const settings = createSettings(database);
    const local = { overrides: two.store, settings, gatewayId: two.id };
    const audit = { add: () => Promise.reject(new Error("disk full")) };
    const broken = createOverrideExchange({ local, shared, audit, log: noteLog([]) });
    await expect(broken.run("one")).rejects.toThrow("disk full");
    expect(two.list()).toEqual([]);
    await two.run();
    expect(two.list()).toEqual([id]);
  });
});

describeWithRedis("overrides of gateways that run", () => {
  const set = ({ records }: Rig) => setOverride({ store: records.local.overrides, audit: records.audit }, wish);
  const ids = ({ records }: Rig) => records.local.overrides.list().map(({ id }) => id);

  test("reach the others without being asked, and again after a wipe", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const [one, other] = [openRig({ redis: server.url }), openRig({ redis: server.url })];
    const { id } = await set(one);
    await until(() => ids(other).length === 1, 20_000);
    await server.flush();
    const third = openRig({ redis: server.url });
    await until(() => ids(third).length === 1, 20_000);
    const parts = { store: third.records.local.overrides, audit: third.records.audit };
    await endOverrides(parts, { isMeant: (each) => each.id === id, reviewer: "bo" });
    await until(() => ids(one).length === 0 && ids(other).length === 0, 20_000);
    expect(ids(third)).toEqual([]);
  });
});

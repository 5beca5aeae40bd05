import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSettings } from "../../src/trace/settings.ts";
import { createLogPush, createSharedLog, type LogLine } from "../../src/trace/shared-log.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const sealing = createSealing(new Uint8Array(32).fill(3));
const lines = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ sequence: from + index, body: `line ${from + index}` }));

async function setUp() {
  const { handle, server } = await openTestRedis();
  const log = createSharedLog({ redis: handle, sealing, name: "scores" });
  const written: LogLine[] = [];
  const push = createLogPush({
    log,
    name: "scores",
    gatewayId: "a",
    settings: createSettings(openDatabase({ folder: temporaryFolder() })),
    read: (after, limit) => written.filter(({ sequence }) => sequence > after).slice(0, limit),
  });
  const sequences = async () => (await log.read("a", 0, 10_000)).lines.map(({ sequence }) => sequence);
  return { log, server, handle, written, push, sequences };
}

describeWithRedis("a log in Redis", () => {
  test("drops what comes before a place, of one gateway alone", async () => {
    const { log, sequences } = await setUp();
    for (const gateway of ["a", "b"]) await log.push(gateway, lines(1, 5));
    await log.trim("a", 4);
    expect(await sequences()).toEqual([4, 5]);
    expect((await log.read("b", 0, 9)).read).toBe(5);
    expect(await log.last("a")).toBe(5);
  });

  test("holds each line once, in order, for each gateway", async () => {
    const { log } = await setUp();
    await log.push("a", lines(1, 3));
    await log.push("a", lines(2, 5));
    await log.push("b", lines(1, 1));
    expect(await log.read("a", 0, 99)).toEqual({ lines: lines(1, 5), read: 5 });
    expect(await log.read("a", 2, 2)).toEqual({ lines: lines(3, 4), read: 2 });
    expect([await log.last("a"), await log.last("c")]).toEqual([5, 0]);
    expect((await log.gateways()).sort()).toEqual(["a", "b"]);
  });

  test("leaves out what was not written with the key", async () => {
    const { log, server } = await setUp();
    await log.push("a", lines(1, 1));
    await server.command("XADD", "test:shared:scores:a", "2-0", "body", "forged");
    expect(await log.read("a", 0, 99)).toEqual({ lines: lines(1, 1), read: 2 });
  });

  test("keeps about the newest lines when it is bounded", async () => {
    const { log, sequences } = await setUp();
    for (let from = 1; from <= 1_000; from += 100) await log.push("a", lines(from, from + 99), 200);
    const kept = await sequences();
    expect(kept.at(-1)).toBe(1_000);
    expect(kept.length).toBeLessThan(400);
  });

  test("gets what is new, and after a loss what it has not", async () => {
    const { push, written, server, sequences } = await setUp();
    written.push(...lines(1, 450));
    await push.run("epoch-1");
    expect((await sequences()).length).toBe(450);
    written.push(...lines(451, 452));
    await push.run("epoch-1");
    expect((await sequences()).at(-1)).toBe(452);
    await server.command("XTRIM", "test:shared:scores:a", "MINID", "452-0");
    await server.command("XDEL", "test:shared:scores:a", "452-0");
    await server.command("DEL", "test:shared:scores:a");
    await push.run("epoch-2");
    expect((await sequences()).length).toBe(452);
    await push.run("epoch-2");
    expect((await sequences()).length).toBe(452);
  });

  test("that is full is an error, not a success", async () => {
    const { log, server } = await setUp();
    await server.command("CONFIG", "SET", "maxmemory", "1");
    await expect(log.push("a", lines(1, 1))).rejects.toMatchObject({ code: "review_unavailable" });
  });
});

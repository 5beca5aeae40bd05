import { expect, test } from "vitest";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSettings } from "../../src/trace/settings.ts";
import { createSharedNotes } from "../../src/trace/shared-notes.ts";
import { AWKWARD_TEXT, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { openTestRedis, type TestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const sealing = createSealing(new Uint8Array(32).fill(3));

/** A gateway of that name with an audit log of its own. */
function openGateway({ handle }: TestRedis, gatewayId: string) {
  const database = openDatabase({ folder: temporaryFolder() });
  const audit = createAuditLog(database);
  const settings = createSettings(database);
  const notes = createSharedNotes({ redis: handle, sealing, settings, gatewayId, read: audit.copy });
  const add = (event: string, number: number, text: string) =>
    audit.add({ at: number, actor: "ada", event, traceId: traceId(number), detail: { text } });
  return { ...notes, audit, add };
}

describeWithRedis("notes of several gateways", () => {
  test("are read at the others, to the letter, and nothing else of the audit log is", async () => {
    const redis = await openTestRedis();
    const [one, other] = [openGateway(redis, "one"), openGateway(redis, "other")];
    await one.add("note", 1, AWKWARD_TEXT);
    await one.add("view", 1, "no note");
    await one.add("note", 2, "elsewhere");
    await one.step.run("e");
    expect(await other.list(traceId(1))).toMatchObject([{ actor: "ada", at: 1, detail: { text: AWKWARD_TEXT } }]);
    expect(await other.list(traceId(3))).toEqual([]);
    // Its own are in its own log.
    expect(await one.list(traceId(1))).toEqual([]);
    const keys = (await redis.server.command("KEYS", "*")) as string[];
    for (const key of keys) expect(JSON.stringify(await redis.server.command("HVALS", key))).toMatch(/^\["sealed1:/);
  });

  test("are sent once, and again to a Redis that has lost them", async () => {
    const redis = await openTestRedis();
    const [one, other] = [openGateway(redis, "one"), openGateway(redis, "other")];
    for (let number = 0; number < 3; number += 1) await one.add("note", 1, `note ${number}`);
    for (const epoch of ["e", "e", "f"]) await one.step.run(epoch);
    expect(await other.list(traceId(1))).toHaveLength(3);
    await redis.server.flush();
    await one.step.run("f");
    expect(await other.list(traceId(1))).toEqual([]);
    await one.step.run("g");
    expect(await other.list(traceId(1))).toHaveLength(3);
  });

  test("are let go with their trace, and one that does not open is passed over", async () => {
    const redis = await openTestRedis();
    const [one, other] = [openGateway(redis, "one"), openGateway(redis, "other")];
    await one.add("note", 1, "text");
    await one.step.run("e");
    await redis.server.command("HSET", `test:shared:notes:${traceId(1)}`, "x:1", "sealed1:forged");
    expect(await other.list(traceId(1))).toHaveLength(1);
    await other.letGo([traceId(1)], 60);
    expect(await redis.server.command("TTL", `test:shared:notes:${traceId(1)}`)).toBe(60);
  });
});

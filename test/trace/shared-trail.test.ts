import { expect, test } from "vitest";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSettings } from "../../src/trace/settings.ts";
import { createLogPush, createSharedLog } from "../../src/trace/shared-log.ts";
import { createSharedTrail, type SharedTrail, type TrailPlaces } from "../../src/trace/shared-trail.ts";
import { temporaryFolder } from "../support/folder.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const [A, B] = ["a".repeat(16), "b".repeat(16)];

async function setUp() {
  const { handle, server } = await openTestRedis();
  const log = createSharedLog({ redis: handle, sealing: createSealing(new Uint8Array(32).fill(3)), name: "audit" });
  const open = (gatewayId: string) => {
    const database = openDatabase({ folder: temporaryFolder() });
    const audit = createAuditLog(database);
    const push = createLogPush({ log, name: "audit", gatewayId, settings: createSettings(database), read: audit.copy });
    return {
      trail: createSharedTrail({ log, local: audit, gateway: gatewayId }),
      add: (at: number) => audit.add({ at, actor: "ada", event: "view", traceId: null, detail: {} }),
      push: () => push.run("one"),
    };
  };
  return { server, one: open(A), two: open(B) };
}
const read = async (trail: SharedTrail, limit: number, before?: TrailPlaces) => {
  const page = await trail.page({ limit, ...(before === undefined ? {} : { before }) });
  return { before: page.before, shown: page.entries.map(({ gateway, entry }) => `${gateway[0]}${entry.at}`) };
};

describeWithRedis("the trail of several gateways", () => {
  test("is one by time, page by page, the own entries also before they are sent", async () => {
    const { one, two } = await setUp();
    for (const at of [1, 4, 5, 8]) await one.add(at);
    for (const at of [2, 3, 6, 7]) await two.add(at);
    await one.push();
    await two.push();
    await two.add(9);
    const first = await read(two.trail, 4);
    expect(first.shown).toEqual(["b9", "a8", "b7", "b6"]);
    const second = await read(two.trail, 4, first.before);
    expect(second.shown).toEqual(["a5", "a4", "b3", "b2"]);
    const third = await read(two.trail, 4, second.before);
    expect(third.shown).toEqual(["a1"]);
    expect(third.before.size).toBe(0);
    expect((await read(one.trail, 1)).shown).toEqual(["a8"]);
  });

  test("leaves out none of a gateway whose clock was set back", async () => {
    const { one, two } = await setUp();
    for (const at of [10, 2]) await one.add(at);
    for (const at of [5, 6]) await two.add(at);
    await one.push();
    const first = await read(two.trail, 2);
    expect([...first.shown, ...(await read(two.trail, 2, first.before)).shown]).toEqual(["b6", "b5", "a2", "a10"]);
  });

  test("takes no gateway for one that is none, and nothing that was not sealed", async () => {
    const { server, one } = await setUp();
    await one.add(1);
    await server.command("SADD", "test:shared:gateways", "../x", B);
    await server.command("XADD", `test:shared:audit:${B}`, "1-0", "body", '{"body":"{}"}');
    expect((await read(one.trail, 9)).shown).toEqual(["a1"]);
  });

  test("is refused while Redis is away", async () => {
    const { server, one } = await setUp();
    await server.kill();
    await expect(one.trail.page({ limit: 9 })).rejects.toMatchObject({ code: "review_unavailable" });
  });
});

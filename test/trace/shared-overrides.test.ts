import { expect, test } from "vitest";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSharedOverrides } from "../../src/trace/shared-overrides.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const [IDS, BODIES] = ["test:shared:overrides", "test:shared:overrides:bodies"];

async function open() {
  const { handle, server } = await openTestRedis();
  const logged: string[] = [];
  const log = { error: (...entry: unknown[]) => void logged.push(String(entry.at(-1))) };
  const sealing = createSealing(new Uint8Array(32).fill(7));
  return { handle, server, logged, log, sealing, shared: createSharedOverrides(handle, sealing, log) };
}

describeWithRedis("overrides in Redis", () => {
  test("are heard as they were told, and nothing of them can be read there", async () => {
    const { shared, server } = await open();
    const body = { override: { actor: "ada", reason: "a long night" } };
    await shared.tell([{ id: "ov_1", body }]);
    expect((await shared.hear(0)).items).toEqual([{ id: "ov_1", body }]);
    expect(JSON.stringify(await server.command("HGETALL", BODIES))).not.toMatch(/ada|night/);
  });

  test("that were written without the key, changed, or moved to another id are passed over, and told of once", async () => {
    const { shared, server, logged, handle, log } = await open();
    const foreign = createSharedOverrides(handle, createSealing(new Uint8Array(32).fill(8)), log);
    await shared.tell([{ id: "ov_1", body: { ending: 1 } }]);
    await foreign.tell([{ id: "ov_2", body: { ending: 2 } }]);
    const sealed = String(await server.command("HGET", BODIES, "ov_1"));
    for (const [id, body] of [
      ["ov_3", sealed],
      ["ov_4", `${sealed.slice(0, -4)}AAAA`],
      ["ov_5", '{"override":{}}'],
      ["ov_6", "\u0000\u0001"],
    ] as const) {
      await server.command("ZADD", IDS, Date.now(), id);
      await server.command("HSET", BODIES, id, body);
    }
    // One whose body is gone.
    await server.command("ZADD", IDS, Date.now(), "ov_7");
    for (let look = 0; look < 2; look += 1)
      expect((await shared.hear(0)).items).toEqual([{ id: "ov_1", body: { ending: 1 } }]);
    expect(logged).toHaveLength(6);
    expect(logged[0]).toContain("passed over");
  });
});

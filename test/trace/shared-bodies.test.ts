import { expect, test } from "vitest";
import { createSealing } from "../../src/trace/sealing.ts";
import { createSharedBodies } from "../../src/trace/shared-bodies.ts";
import { AWKWARD_TEXT, sampleHead, sampleTrace, traceId } from "../conformance/samples.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const sealing = createSealing(new Uint8Array(32).fill(3));
const head = sampleHead(1, { conversation: [{ role: "user", content: AWKWARD_TEXT }] });

describeWithRedis("bodies in Redis", () => {
  test("come back as they went in, and only sealed text lies there", async () => {
    const { handle, server } = await openTestRedis();
    const bodies = createSharedBodies(handle, sealing);
    await bodies.putTrace(sampleTrace({ head }));
    await bodies.putEnrichment(traceId(1), '{"version":1}');
    expect(await bodies.getTrace(traceId(1))).toEqual(sampleTrace({ head }));
    expect(await bodies.getEnrichment(traceId(1))).toBe('{"version":1}');
    expect(await bodies.getTrace(traceId(2))).toBeUndefined();
    const keys = (await server.command("KEYS", "*")) as string[];
    for (const key of keys) expect(await server.command("GET", key)).toMatch(/^sealed[1z]:/);
    expect(keys).toHaveLength(2);
  });

  test("do not open under another id", async () => {
    const { handle, server } = await openTestRedis();
    const bodies = createSharedBodies(handle, sealing);
    await bodies.putTrace(sampleTrace({ head }));
    await server.command("RENAME", `test:shared:trace:${traceId(1)}`, `test:shared:trace:${traceId(2)}`);
    await expect(bodies.getTrace(traceId(2))).rejects.toThrow(/another key, or changed/);
  });

  test("stay until they are let go, and some time after", async () => {
    const { handle, server } = await openTestRedis();
    const bodies = createSharedBodies(handle, sealing);
    await bodies.putTrace(sampleTrace({ head }));
    const key = `test:shared:trace:${traceId(1)}`;
    expect(await server.command("TTL", key)).toBe(-1);
    await bodies.letGo([traceId(1), traceId(2)]);
    expect(await server.command("TTL", key)).toBeGreaterThan(29 * 24 * 3_600);
    await bodies.putTrace(sampleTrace({ head }));
    expect(await server.command("TTL", key)).toBe(-1);
  });

  test("are removed at once, both of a trace", async () => {
    const { handle, server } = await openTestRedis();
    const bodies = createSharedBodies(handle, sealing);
    for (const number of [1, 2]) await bodies.putTrace(sampleTrace({ head: sampleHead(number) }));
    await bodies.putEnrichment(traceId(1), "{}");
    await bodies.remove(traceId(1));
    expect(await server.command("KEYS", "*")).toEqual([`test:shared:trace:${traceId(2)}`]);
  });

  test("that cannot be reached are refused at once", async () => {
    const { handle, server } = await openTestRedis();
    await server.kill();
    await expect(createSharedBodies(handle, sealing).getTrace(traceId(1))).rejects.toMatchObject({
      code: "review_unavailable",
    });
  });
});

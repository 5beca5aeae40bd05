import { expect, onTestFinished, test } from "vitest";
import { SHARED } from "../../src/queue/bullmq-lua.ts";
import { CLEAR, REMOVE } from "../../src/queue/bullmq-removal.ts";
import { mustClaim } from "../conformance/review-queue.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { queueFor } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";

describeWithRedis("removal from the BullMQ queue", () => {
  test("compiles", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    for (const lua of [REMOVE, CLEAR])
      expect(await server.command("SCRIPT", "LOAD", SHARED + lua)).toMatch(/^[0-9a-f]{40}$/);
  });

  test.each(["waiting", "claimed", "decided"])("leaves no key and no value that names a %s item", async (state) => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const queue = await queueFor(server.url, "gone");
    await queue.enqueue(sampleItem(1, { repetition: "alike" }));
    await queue.enqueue(sampleItem(2, { repetition: "alike" }));
    if (state !== "waiting") {
      const { token } = await mustClaim(queue, { reviewer: "ada", leaseMs: 60_000 });
      if (state === "decided") await queue.decide(traceId(1), token);
    }
    await queue.remove(traceId(1));
    const keys = (await server.command("KEYS", "gone:*")) as string[];
    // The stream of events names jobs until it is cut, and BullMQ's own settings name none.
    for (const key of keys.filter((each) => !each.endsWith(":events"))) {
      expect(key).not.toContain(traceId(1));
      expect(String(await server.command("DUMP", key)), key).not.toContain(traceId(1));
    }
    expect(await queue.stats()).toMatchObject({ waiting: 0, claimed: 0, decided: 0, dead: 0 });
  });
});

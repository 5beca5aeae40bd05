import { expect, onTestFinished, test } from "vitest";
import { ADMIT, PLACE } from "../../src/queue/bullmq-admission.ts";
import { SHARED } from "../../src/queue/bullmq-lua.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";

describeWithRedis("admission to the BullMQ queue", () => {
  test("compiles", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    for (const lua of [ADMIT, PLACE])
      expect(await server.command("SCRIPT", "LOAD", SHARED + lua)).toMatch(/^[0-9a-f]{40}$/);
  });
});

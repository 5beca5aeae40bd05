import { expect, onTestFinished, test } from "vitest";
import { readJoined } from "../../src/queue/bullmq-joined.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { queueFor, redisFor, answering } from "../support/redis-queue.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";

describeWithRedis("what joined which item in Redis", () => {
  test("leaves out what joined an item that is gone", async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const queue = await queueFor(server.url, "joined");
    for (const number of [1, 2]) await queue.enqueue(sampleItem(number, { repetition: "alike" }));
    const redis = redisFor(server.url, { prefix: "joined" });
    await answering(redis);
    const read = () => redis.attempt("read", (client) => readJoined(client, "joined:desk:", [traceId(1), traceId(2)]));
    expect(await read()).toEqual(new Map([[traceId(2), { item: traceId(1), alike: true }]]));
    await server.command("DEL", `joined:desk:item:${traceId(1)}`);
    expect(await read()).toEqual(new Map());
  });
});

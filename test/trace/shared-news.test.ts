import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { createSharedNews } from "../../src/trace/shared-news.ts";
import { openTestRedis } from "../support/redis-handle.ts";
import { describeWithRedis } from "../support/redis-server.ts";

const WEEK_MS = 7 * 86_400_000;

async function open() {
  const { handle, server } = await openTestRedis();
  return { server, news: createSharedNews(handle, { name: "overrides", keptMs: WEEK_MS }) };
}

describeWithRedis("news in Redis", () => {
  test("keep the first body of an id, and are heard in the order of telling from a moment on", async () => {
    const { news } = await open();
    await news.tell([{ id: "b", body: "one" }]);
    const first = await news.hear(0);
    await wait(5);
    await news.tell([
      { id: "b", body: "another" },
      { id: "a", body: "two" },
    ]);
    expect((await news.hear(0)).items).toEqual([
      { id: "b", body: "one" },
      { id: "a", body: "two" },
    ]);
    expect((await news.hear(first.next + 1)).items).toEqual([{ id: "a", body: "two" }]);
  });

  test("go with their bodies when they are old", async () => {
    const { news, server } = await open();
    await news.tell([{ id: "old", body: "x" }]);
    await server.command("ZADD", "test:shared:overrides", Date.now() - WEEK_MS - 60_000, "old");
    await news.tell([{ id: "new", body: "y" }]);
    expect((await news.hear(0)).items).toEqual([{ id: "new", body: "y" }]);
    expect(await server.command("HKEYS", "test:shared:overrides:bodies")).toEqual(["new"]);
  });

  test("are told in batches, however many there are", async () => {
    const { news } = await open();
    const many = Array.from({ length: 1_201 }, (_, index) => ({ id: `id ${index}`, body: index % 2 === 0 ? "" : "x" }));
    await news.tell(many);
    const { items } = await news.hear(0);
    expect(new Map(items.map(({ id, body }) => [id, body]))).toEqual(new Map(many.map(({ id, body }) => [id, body])));
  });
});

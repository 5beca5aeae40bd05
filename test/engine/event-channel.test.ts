import { describe, expect, it } from "vitest";
import { createEventChannel } from "../../src/engine/event-channel.ts";

async function listOf(channel: AsyncIterable<number>): Promise<number[]> {
  const list: number[] = [];
  for await (const value of channel) list.push(value);
  return list;
}

function openChannel() {
  const counts = { left: 0 };
  return { counts, channel: createEventChannel<number>(() => (counts.left += 1)) };
}

describe("createEventChannel", () => {
  it("hands over what was pushed before and after the consumer came, in order, until it is closed", async () => {
    const { channel, counts } = openChannel();
    channel.push(1);
    const list = listOf(channel);
    channel.push(2);
    await Promise.resolve();
    channel.push(3);
    channel.close();
    expect(await list).toEqual([1, 2, 3]);
    expect(counts.left).toBe(0);
  });

  it("drops what comes after the close", async () => {
    const { channel } = openChannel();
    channel.push(1);
    channel.close();
    channel.push(2);
    expect(await listOf(channel)).toEqual([1]);
  });

  it("ends at once for a consumer that comes after the close", async () => {
    const { channel } = openChannel();
    channel.close();
    expect(await listOf(channel)).toEqual([]);
  });

  it("says once that the consumer left when the loop is broken off", async () => {
    const { channel, counts } = openChannel();
    channel.push(1);
    channel.push(2);
    for await (const value of channel) if (value === 1) break;
    expect(counts.left).toBe(1);
  });

  it("says so when the consumer throws", async () => {
    const { channel, counts } = openChannel();
    channel.push(1);
    const thrown = (async () => {
      for await (const value of channel) throw new Error(`no use for ${value}`);
    })();
    await expect(thrown).rejects.toThrow("no use for 1");
    expect(counts.left).toBe(1);
  });

  it("says so when the consumer leaves before it took anything", async () => {
    const { channel, counts } = openChannel();
    await channel[Symbol.asyncIterator]().return?.();
    expect(counts.left).toBe(1);
  });

  it("lets a consumer leave while it waits for an event that does not come", async () => {
    const { channel, counts } = openChannel();
    const iterator = channel[Symbol.asyncIterator]();
    const pending = iterator.next();
    await iterator.return?.();
    expect(counts.left).toBe(1);
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  it("does not count leaving when everything was taken", async () => {
    const { channel, counts } = openChannel();
    channel.push(1);
    channel.close();
    for await (const value of channel) if (value === 1) break;
    expect(counts.left).toBe(0);
  });

  it("goes on where a consumer left off, so that the end can still be read", async () => {
    const { channel } = openChannel();
    for (const value of [1, 2, 3]) channel.push(value);
    for await (const value of channel) if (value === 1) break;
    channel.close();
    expect(await listOf(channel)).toEqual([2, 3]);
  });

  it("answers several reads that wait at once in their order", async () => {
    const { channel } = openChannel();
    const iterator = channel[Symbol.asyncIterator]();
    const reads = [iterator.next(), iterator.next(), iterator.next()];
    channel.push(1);
    channel.push(2);
    channel.close();
    expect(await Promise.all(reads)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: true, value: undefined },
    ]);
  });
});

import { expect, test } from "vitest";
import { readEvents } from "../../src/cli/event-reader.ts";

async function readAll(...chunks: readonly Uint8Array[]): Promise<unknown[]> {
  async function* body() {
    yield* chunks;
  }
  const events: unknown[] = [];
  for await (const event of readEvents(body())) events.push(event);
  return events;
}

test("events are read wherever the bytes are cut, a character included", async () => {
  const bytes = Buffer.from('event: a\ndata: {"a":"é€"}\n\n:\n\ndata: [1]\n\n');
  for (let cut = 0; cut <= bytes.length; cut += 1)
    expect(await readAll(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual([{ a: "é€" }, [1]]);
});

test("comments are no events, and a last one without its empty line is not read", async () => {
  expect(await readAll(Buffer.from(":\n\n:\n\ndata: 1\n\ndata: 2"))).toEqual([1]);
});

import { expect, test } from "vitest";
import type { RunEvent } from "../../src/engine/engine.ts";
import { takeEvents } from "../../src/http/departure.ts";
import { promptJudged, released } from "../trace/scripted-run.ts";
import { eventually } from "./scripted-api.ts";
import { HELLO } from "./scripted-engine.ts";

/** A source that gives its events, then nothing more, and notes that it was left. */
function endlessSource(events: readonly RunEvent[]) {
  let left = 0;
  let index = 0;
  const source: AsyncIterable<RunEvent> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const event = events[index++];
        return event ? Promise.resolve({ done: false, value: event }) : new Promise(() => undefined);
      },
      return: async () => {
        left += 1;
        return { done: true, value: undefined };
      },
    }),
  };
  return { source, left: () => left };
}

test("events pass in order", async () => {
  async function* source() {
    yield* HELLO;
  }
  const types: string[] = [];
  for await (const event of takeEvents(source(), new AbortController().signal)) types.push(event.type);
  expect(types).toEqual(HELLO.map(({ type }) => type));
});

test("an abort leaves the source at once, although an event is under way", async () => {
  const { source, left } = endlessSource([promptJudged, released("a")]);
  const controller = new AbortController();
  const types: string[] = [];
  setTimeout(() => controller.abort(), 20);
  for await (const event of takeEvents(source, controller.signal)) types.push(event.type);
  expect([types, left()]).toEqual([["prompt-judged", "tokens-released"], 1]);
});

test("leaving early leaves the source", async () => {
  const { source, left } = endlessSource([promptJudged, released("a")]);
  for await (const event of takeEvents(source, new AbortController().signal)) if (event.type === "prompt-judged") break;
  await eventually(() => left() === 1);
  expect(left()).toBe(1);
});

test("a signal that has aborted lets nothing through", async () => {
  const { source, left } = endlessSource([promptJudged]);
  for await (const event of takeEvents(source, AbortSignal.abort())) expect.fail(event.type);
  expect(left()).toBe(1);
});

test("a source that throws throws at the reader", async () => {
  async function* broken(): AsyncGenerator<RunEvent> {
    yield promptJudged;
    throw new Error("broken");
  }
  const read = async () => {
    for await (const event of takeEvents(broken(), new AbortController().signal))
      expect(event.type).toBe("prompt-judged");
  };
  await expect(read()).rejects.toThrow("broken");
});

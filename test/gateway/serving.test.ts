import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import type { Definitions } from "../../src/gateway/definitions.ts";
import { createServing, type Generation } from "../../src/gateway/serving.ts";

const definitions = { hash: "first" } as Definitions;

test("definitions are known before anything serves, and then are those that serve", () => {
  const serving = createServing(definitions);
  expect(serving.definitions).toBe(definitions);
  expect(() => serving.current).toThrow("nothing serves yet");
  const next = { hash: "second" } as Generation;
  serving.swap(next);
  expect([serving.definitions, serving.current]).toEqual([next, next]);
});

test("each request goes to the generation that serves when it comes", () => {
  const serving = createServing(definitions);
  const seen: string[] = [];
  const generation = (hash: string) =>
    ({
      hash,
      api: () => seen.push(`api ${hash}`),
      console: () => seen.push(`console ${hash}`),
    }) as unknown as Generation;
  const ask = (handler: typeof serving.api) => handler({} as IncomingMessage, {} as ServerResponse);
  serving.swap(generation("one"));
  ask(serving.api);
  serving.swap(generation("two"));
  ask(serving.api);
  ask(serving.console);
  expect(seen).toEqual(["api one", "api two", "console two"]);
});

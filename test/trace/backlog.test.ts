import { expect, test } from "vitest";
import type { Logger } from "../../src/log.ts";
import { createBacklog } from "../../src/trace/backlog.ts";

function setUp(givesUp: "nothing" | "oldest" = "oldest") {
  const logged: string[] = [];
  const error = ((...entry: unknown[]) => void logged.push(String(entry.at(-1)))) as Logger["error"];
  return { backlog: createBacklog({ log: { error }, givesUp }), logged };
}

const failing = async () => {
  throw new Error("no");
};

test("a write that succeeds is not kept", async () => {
  const { backlog, logged } = setUp();
  let runs = 0;
  expect(await backlog.attempt("count", async () => (runs += 1))).toBe(true);
  expect(await backlog.retry()).toBe(0);
  expect([runs, logged]).toEqual([1, []]);
});

test("writes that fail are repeated in order until they succeed", async () => {
  const { backlog, logged } = setUp();
  const written: number[] = [];
  let broken = true;
  for (const number of [1, 2]) {
    await backlog.attempt(`write ${number}`, async () => (broken ? failing() : written.push(number)));
  }
  expect(await backlog.retry()).toBe(2);
  broken = false;
  expect(await backlog.retry()).toBe(0);
  expect(written).toEqual([1, 2]);
  expect(logged[0]).toBe("could not write 1; it is tried again");
});

test("the oldest of more than a thousand kept writes is given up, and the log says which", async () => {
  const { backlog, logged } = setUp();
  for (let number = 0; number <= 1_000; number += 1) await backlog.attempt(`write ${number}`, failing);
  expect(logged.at(-1)).toBe("gave up: write 0");
  expect(await backlog.retry()).toBe(1_000);
});

test("one that gives up nothing keeps more than its limit, and says that it is full", async () => {
  const { backlog, logged } = setUp("nothing");
  for (let number = 0; number < 999; number += 1) await backlog.attempt(`write ${number}`, failing);
  expect(backlog.isFull()).toBe(false);
  for (let number = 999; number < 1_010; number += 1) await backlog.attempt(`write ${number}`, failing);
  expect(backlog.isFull()).toBe(true);
  expect(logged.join()).not.toContain("gave up");
  expect(await backlog.retry()).toBe(1_010);
});

import { expect, test } from "vitest";
import { measureLensShare, type Passes } from "../../src/engine/lens-share.ts";

/** Two ways to run whose passes take as long as they say, on one clock. */
function setUp({ plainMs = 8, monitoredMs = 10, budgetMs = 100_000, noise = (): number => 0 } = {}) {
  let now = 0;
  const calls: string[] = [];
  const passes = (name: string, ms: number): Passes => ({
    clear: () => void calls.push(`${name} cleared`),
    async step(ids) {
      calls.push(`${name} ${ids.length}`);
      now += (ids.length === 1 ? ms : ms * 5) + noise();
    },
  });
  const measured = measureLensShare({
    plain: passes("plain", plainMs),
    monitored: passes("monitored", monitoredMs),
    chunkTokens: 32,
    budgetMs,
    spent: () => now,
  });
  return { measured, calls, elapsed: () => now };
}

test("the share is what the taps add, of a monitored pass", async () => {
  expect(await setUp().measured).toEqual({ prefill: 0.2, decode: 0.2, stepMs: 10 });
});

test("both ways take turns, and which one goes first changes", async () => {
  const { measured, calls } = setUp();
  await measured;
  const decoded = calls.filter((call) => call.endsWith(" 1"));
  expect(decoded.slice(0, 4)).toEqual(["plain 1", "monitored 1", "monitored 1", "plain 1"]);
  expect(decoded.filter((call) => call.startsWith("plain")).length).toBe(decoded.length / 2);
  expect(calls.filter((call) => call === "plain cleared").length).toBe(25);
});

test("it ends with the round in which the budget is spent, after five that count", async () => {
  const { measured, elapsed } = setUp({ budgetMs: 1_100 });
  await measured;
  // A round is 18 ms for each of four steps, and 90 ms for the prompt.
  expect(elapsed()).toBe(7 * 162);
  const tight = setUp({ budgetMs: 0 });
  expect((await tight.measured).decode).toBeCloseTo(0.2);
  expect(tight.elapsed()).toBe(6 * 162);
});

test("a pass that something else delays does not move the share", async () => {
  let pass = 0;
  const { measured } = setUp({ noise: () => (++pass % 17 === 0 ? 500 : 0) });
  expect((await measured).decode).toBeCloseTo(0.2);
});

test("noise never makes it negative", async () => {
  expect((await setUp({ plainMs: 11, monitoredMs: 10 }).measured).decode).toBe(0);
});

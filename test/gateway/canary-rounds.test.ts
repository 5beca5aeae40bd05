import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Canary } from "../../src/detect/canary.ts";
import type { CanaryOutcome } from "../../src/engine/canary-run.ts";
import { startCanaryRounds } from "../../src/gateway/canary-rounds.ts";
import { noteLog } from "../support/live-gateway.ts";

const canary = (detector: string, name: string): Canary => ({
  detector,
  name,
  text: { input: { type: "prompt", text: "a secret text" }, maxTokens: 0 },
  expect: "fires",
});
const CANARIES = [canary("sea", "waves"), canary("sea", "tides"), canary("sky", "clouds")];
const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

function start(
  answers: Record<string, CanaryOutcome> = {},
  everyMs = () => 15 * MINUTE,
  canaries: () => readonly Canary[] = () => CANARIES,
) {
  const asked: string[] = [];
  const lines: string[] = [];
  const rounds = startCanaryRounds({
    canaries,
    async run({ name }) {
      asked.push(name);
      return answers[name] ?? { outcome: "held" };
    },
    everyMs,
    log: noteLog(lines),
  });
  return { rounds, asked, lines, answers };
}

const shown = (rounds: ReturnType<typeof start>["rounds"]) => Object.fromEntries(rounds.state().results);

test("nothing is known before the first round, which comes a few seconds after the start", async () => {
  const { rounds } = start();
  expect(rounds.state()).toEqual({ results: new Map(), lastRunAt: null });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shown(rounds)).toEqual({ sea: true, sky: true });
  expect(rounds.state().lastRunAt).toBe(1_005_000);
});

test("a detector that goes blind is known within one interval, and so is one that sees again", async () => {
  const { rounds, answers, lines } = start();
  await vi.advanceTimersByTimeAsync(5_000);
  answers["tides"] = { outcome: "failed", found: "clear, largest score 0.000" };
  await vi.advanceTimersByTimeAsync(15 * MINUTE);
  expect(shown(rounds)).toEqual({ sea: false, sky: true });
  expect(lines.join("\n")).toMatch(/^error a canary failed .*"canary":"tides","expected":"fires","found":"clear/);
  expect(lines.join("\n")).not.toContain("a secret text");
  delete answers["tides"];
  await vi.advanceTimersByTimeAsync(15 * MINUTE);
  expect(shown(rounds)).toEqual({ sea: true, sky: true });
});

test("a round that the engine has no room for is tried again soon, keeps what is known and tells of blindness at once", async () => {
  const { rounds, answers, asked } = start();
  await vi.advanceTimersByTimeAsync(5_000);
  answers["waves"] = { outcome: "failed", found: "threw" };
  answers["clouds"] = { outcome: "not_run", why: "overloaded" };
  await vi.advanceTimersByTimeAsync(15 * MINUTE);
  expect(shown(rounds)).toEqual({ sea: false, sky: true });
  expect(rounds.state().lastRunAt).toBe(1_005_000);
  const before = asked.length;
  delete answers["clouds"];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked.length).toBe(before + 3);
  expect(rounds.state().lastRunAt).toBeGreaterThan(1_005_000);
});

test("rounds that are off or over ask nothing", async () => {
  const off = start({}, () => 0);
  const over = start();
  over.rounds.close();
  await vi.advanceTimersByTimeAsync(60 * MINUTE);
  expect([off.asked, over.asked]).toEqual([[], []]);
});

test("a round under way when it is closed neither counts nor is repeated", async () => {
  const { rounds, asked } = start();
  const advanced = vi.advanceTimersByTimeAsync(5_000);
  rounds.close();
  await advanced;
  await vi.advanceTimersByTimeAsync(60 * MINUTE);
  expect(asked.length).toBeLessThan(2);
  expect(rounds.state().lastRunAt).toBeNull();
});

test("one that begins again asks soon, drops a round under way, and forgets what it knew when it is off", async () => {
  let minutes = 15;
  const { rounds, asked } = start({}, () => minutes * MINUTE);
  await vi.advanceTimersByTimeAsync(5_000);
  rounds.renew();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(asked).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(6);
  expect(rounds.everyMs).toBe(15 * MINUTE);
  minutes = 0;
  rounds.renew();
  await vi.advanceTimersByTimeAsync(60 * MINUTE);
  expect(asked).toHaveLength(6);
  expect(shown(rounds)).toEqual({});
});

test("what is asked no more is forgotten when it begins again, even while no round comes to its end", async () => {
  let listed: readonly Canary[] = CANARIES;
  const { rounds, answers, asked } = start({}, undefined, () => listed);
  answers["clouds"] = { outcome: "failed", found: "threw" };
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shown(rounds)).toEqual({ sea: true, sky: false });
  listed = [canary("sea", "waves"), canary("sand", "dunes")];
  answers["dunes"] = { outcome: "not_run", why: "overloaded" };
  rounds.renew();
  expect(shown(rounds)).toEqual({ sea: true });
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(shown(rounds)).toEqual({ sea: true });
  delete answers["dunes"];
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(shown(rounds)).toEqual({ sea: true, sand: true });
  expect(asked.slice(3)).not.toContain("clouds");
});

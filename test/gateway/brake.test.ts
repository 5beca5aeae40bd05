import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Policy } from "../../src/decide/policy.ts";
import { createBrake } from "../../src/gateway/brake.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createOverrideStore, type OverrideStore } from "../../src/trace/override-store.ts";
import { temporaryFolder } from "../support/folder.ts";
import { noteLog } from "../support/live-gateway.ts";

const START = 1_000_000;
const policy: Policy = {
  name: "one",
  mode: "enforce",
  holdTokens: 1,
  onAbort: "finish",
  promptScope: "new",
  detectors: { sea: { action: "abort", onError: "closed" } },
};

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

function setUp(changes: Partial<OverrideStore> = {}) {
  const database = openDatabase({ folder: temporaryFolder() });
  const store = createOverrideStore(database);
  const audit = createAuditLog(database);
  const lines: string[] = [];
  const start = () => {
    const brake = createBrake({ store: { ...store, ...changes }, audit, log: noteLog(lines) });
    onTestFinished(brake.close);
    return brake;
  };
  const add = (until: number) =>
    store.add({
      id: `ov_${until}`,
      detector: "sea",
      mode: "monitor",
      since: 0,
      until,
      actor: "ada",
      reason: "a night",
    });
  return { store, audit, lines, start, add };
}

test("what a command writes is in force within a second, and over when its time is", async () => {
  const { store, audit, lines, start, add } = setUp();
  const brake = start();
  expect(brake.apply(policy)).toBe(policy);
  add(START + 60_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(brake.apply(policy).loosened).toEqual({ sea: "monitor" });
  await vi.advanceTimersByTimeAsync(58_999);
  expect(brake.active()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(brake.apply(policy)).toBe(policy);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.list()).toEqual([]);
  const entries = (await audit.list({ limit: 9 })).map(({ entry }) => [entry.actor, entry.event, entry.detail]);
  expect(entries).toEqual([
    ["lensgate", "override_expired", { id: `ov_${START + 60_000}`, detector: "sea", mode: "monitor" }],
  ]);
  expect(lines.map((line) => /^\w+ an override is (\w+ ?\w*)/.exec(line)?.[1])).toEqual(["in force", "over "]);
  expect(lines.join()).not.toContain("a night");
});

test("one that is ended early is over within a second, and nobody notes that it expired", async () => {
  const { store, audit, start, add } = setUp();
  add(START + 60_000);
  const brake = start();
  expect(brake.active()).toHaveLength(1);
  store.remove(`ov_${START + 60_000}`);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(brake.active()).toEqual([]);
  expect(await audit.list({ limit: 9 })).toEqual([]);
});

test("one whose time was over before the start has no force, and is noted", async () => {
  const { audit, start, add } = setUp();
  add(START - 1);
  expect(start().active()).toEqual([]);
  await vi.advanceTimersByTimeAsync(0);
  expect((await audit.list({ limit: 9 })).map(({ entry }) => entry.event)).toEqual(["override_expired"]);
});

test("a store that cannot be read is told of once, and what is in force runs out", async () => {
  let isBroken = false;
  const { store, lines, start, add } = setUp({
    list() {
      if (isBroken) throw new Error("locked");
      return store.list();
    },
  });
  add(START + 5_000);
  const brake = start();
  isBroken = true;
  await vi.advanceTimersByTimeAsync(4_000);
  expect(brake.active()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(brake.active()).toEqual([]);
  expect(lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
});

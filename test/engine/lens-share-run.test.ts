import { expect, test, vi } from "vitest";
import { startLensShareRun, type LensShareRunOptions } from "../../src/engine/lens-share-run.ts";
import type { WorkerSettings } from "../../src/engine/messages.ts";
import { notingLog } from "../http/noting-observer.ts";

const IDLE = { state: "ready", running: 0, waiting: 0 } as const;
const settings = { prepared: "/nowhere" } as unknown as WorkerSettings;

function start(changes: Partial<LensShareRunOptions>) {
  const { log, lines } = notingLog();
  const onShares = vi.fn<LensShareRunOptions["onShares"]>();
  const given = { settings, status: () => IDLE, onShares, log, idleMs: 20, freeBytes: () => 4e9 };
  return { run: startLensShareRun({ ...given, ...changes }), lines, onShares };
}

test("it waits until the engine has had nothing to do for a while", async () => {
  let looks = 0;
  const freeBytes = vi.fn(() => 0);
  const { run } = start({ freeBytes, status: () => (++looks % 5 === 0 ? { ...IDLE, running: 1 } : IDLE) });
  await vi.waitFor(() => expect(looks).toBeGreaterThan(30));
  run.close();
  expect(freeBytes).not.toHaveBeenCalled();
});

test("under traffic without a pause it is measured all the same, later", async () => {
  let looks = 0;
  const freeBytes = vi.fn(() => 0);
  start({ freeBytes, latestMs: 60, status: () => ((looks += 1), { ...IDLE, running: 1 }) });
  await vi.waitFor(() => expect(freeBytes).toHaveBeenCalled());
  expect(looks).toBeGreaterThanOrEqual(30);
});

test("a loading engine is not idle", async () => {
  let looks = 0;
  const freeBytes = vi.fn(() => 0);
  const { run } = start({ freeBytes, status: () => ((looks += 1), { ...IDLE, state: "loading" }) });
  await vi.waitFor(() => expect(looks).toBeGreaterThan(30));
  run.close();
  expect(freeBytes).not.toHaveBeenCalled();
});

test("it does not load the model twice where memory is short, and says so", async () => {
  const { lines, onShares } = start({ freeBytes: () => 500_000_000 });
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toMatchObject({ level: "info", freeBytes: 500_000_000 });
  expect(onShares).not.toHaveBeenCalled();
});

test("a measurement that fails is a warning, and nothing is learnt", async () => {
  const { lines, onShares } = start({});
  await vi.waitFor(() => expect(lines).toHaveLength(1), 30_000);
  expect(lines[0]).toMatchObject({ level: "warn", code: 1, message: "what oversight costs could not be measured" });
  expect(onShares).not.toHaveBeenCalled();
});

test("closing ends it without a word", async () => {
  const { run, lines } = start({ idleMs: 0 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  run.close();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(lines).toEqual([]);
});

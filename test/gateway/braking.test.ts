import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { createBrake } from "../../src/gateway/brake.ts";
import { createBraking } from "../../src/gateway/braking.ts";
import { defineWith } from "../../src/gateway/definitions.ts";
import type { Running } from "../../src/gateway/running.ts";
import { createServing } from "../../src/gateway/serving.ts";
import { noteLog, writeLiveConfig } from "../support/live-gateway.ts";
import { openRig } from "./records-rig.ts";

test("what the console sets is in force for the next request, and over for the one after its end", async () => {
  const { records } = openRig();
  const { path, remove } = writeLiveConfig({
    detectors: { sea: { at: { generated: 1 } } },
    policies: { demo: { detectors: { sea: { action: "abort" } } } },
  });
  const config = loadConfig({ path, environment: {} });
  remove();
  // It reads by itself no more than once in the time of a test.
  const parts = { store: records.local.overrides, audit: records.audit, log: noteLog([]), everyMs: 3_600_000 };
  const brake = createBrake(parts);
  onTestFinished(brake.close);
  const serving = createServing(defineWith(config, []));
  const braking = createBraking({ records, serving, assurance: { brake } } as unknown as Running);
  expect(braking.names()).toEqual(["sea"]);
  const wish = { detector: "sea", mode: "monitor", lastsMs: 60_000, reason: "a night", actor: "lea" } as const;
  const made = await braking.set(wish);
  expect(brake.active()).toEqual([made]);
  await expect(braking.set({ ...wish, detector: "lake" })).rejects.toMatchObject({ code: "invalid_request" });
  expect(await braking.end(made.id, "bo")).toEqual(made);
  expect(brake.active()).toEqual([]);
  expect(await braking.end(made.id, "bo")).toBeUndefined();
});

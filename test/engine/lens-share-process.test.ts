import { expect, onTestFinished, test } from "vitest";
import type { LensShares } from "../../src/engine/lens-share.ts";
import { startLensShareRun } from "../../src/engine/lens-share-run.ts";
import { openVendoredParts, settingsOf } from "../support/engine-parts.ts";
import { notingLog } from "../http/noting-observer.ts";

const CONCEPT = (taps: string) => `
description: Reads whole distributions, so that its share shows.
kind: concept
options: { words: [cooking, kitchen, recipe, chef], taps: [${taps}], yardstick: exact, score: probability }
positions: both
aggregate: { type: max, window: 1 }
threshold: 0.9
calibration: { status: uncalibrated, note: For tests. }
`;

test("on the real model, the taps of a detector take a share of a pass that is above nothing and below all", async () => {
  const taps = [5, 14, 23].map((layer) => `${layer}.resid_post`).join(", ");
  const opened = await openVendoredParts("fast", { many: CONCEPT(taps) });
  onTestFinished(() => opened.close());
  const settings = settingsOf(opened.model, { detectors: opened.detectors, threads: 1 });
  const { log, lines } = notingLog();
  const shares = await new Promise<LensShares>((resolve) => {
    const status = () => ({ state: "ready", running: 0, waiting: 0 }) as const;
    const run = startLensShareRun({ settings, status, onShares: resolve, log, idleMs: 50, freeBytes: () => 2e9 });
    onTestFinished(() => run.close());
  });
  for (const share of [shares.prefill, shares.decode]) {
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.9);
  }
  expect(shares.stepMs).toBeGreaterThan(1);
  expect(lines).toMatchObject([{ level: "info", decode: shares.decode }]);
}, 300_000);

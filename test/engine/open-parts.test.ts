import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openParts } from "../../src/engine/open-parts.ts";
import type { WorkerSettings } from "../../src/engine/messages.ts";
import type { WorkerParts } from "../../src/engine/worker-parts.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createSlot } from "../../src/model/slot.ts";
import { settingsOf } from "../support/engine-parts.ts";
import { openVendored } from "../support/prepared-model.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

let model: PreparedModel;
beforeAll(async () => {
  model = await openVendored("fast");
});

async function open(changes: Partial<WorkerSettings>): Promise<WorkerParts> {
  const { parts } = await openParts(settingsOf(model, changes));
  onTestFinished(async () => {
    await parts.forward.close();
    await parts.lensHead.close();
  });
  return parts;
}

const tapped = (id: string, layers: readonly number[]) =>
  loadedDetector(id, {
    kind: "concept",
    threshold: 0.5,
    reads: layers.map((layer) => ({
      tap: { layer, point: "attn_out" },
      tokens: [1000, 2000],
      yardstick: "background",
    })),
  });

describe("openParts", () => {
  it("opens a graph with the taps of all detectors, and knows each one's taps and threshold", async () => {
    const parts = await open({ detectors: [tapped("one", [23, 3]), tapped("two", [3])] });
    expect(parts.forward.plan.taps.toSorted()).toEqual(["23.attn_out", "3.attn_out"]);
    expect(parts.tapsOf("one")).toEqual(["23.attn_out", "3.attn_out"]);
    expect(parts.tapsOf("two")).toEqual(["3.attn_out"]);
    expect([parts.thresholdOf("one"), parts.thresholdOf("missing")]).toEqual([0.5, null]);
    expect(parts.tapsOf("missing")).toEqual([]);
    const result = await parts.forward.step(createSlot(model.manifest.architecture), [1, 2, 3], "last");
    expect(result.tapRows).toHaveLength(3 * 2 * parts.hidden);
    for (const index of [0, 1, 2]) expect(parts.reader(result, 2, index).logOdds).toSatisfy(Number.isFinite);
  });

  it("opens without detectors, and knows the vocabulary", async () => {
    const parts = await open({});
    expect(parts.forward.plan.taps).toEqual([]);
    expect(parts.vocabulary).toBe(49_152);
    const [end = -1] = [...parts.endIds];
    expect(parts.isSpecial(end)).toBe(true);
    expect(parts.bytes.bytesOf(end)).toHaveLength(0);
    expect(parts.textOf(end)).not.toBe("");
  });

  it.each<[string, Partial<WorkerSettings>]>([
    [
      "detector one is of kind nowhere, which is not loaded",
      { detectors: [loadedDetector("one", { kind: "nowhere" })] },
    ],
    ["/nowhere/prepared.json", { prepared: "/nowhere" }],
  ])("refuses to open: %s", async (message, changes) => {
    await expect(open(changes)).rejects.toThrow(message);
  });
});

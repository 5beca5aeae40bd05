import { expect, test } from "vitest";
import { measureTapMeans } from "../../src/lens/tap-mean-math.ts";
import { everyTap, formatTap } from "../../src/lens/tap.ts";
import { openForward, planTaps } from "../../src/model/forward.ts";
import { createSlot } from "../../src/model/slot.ts";
import { openTiny, TINY } from "../support/tiny-model.ts";

const IDS = [5, 80, 33, 7, 9];
const { hidden } = TINY;

test("averages every tap over the positions of every chunk but its first", async () => {
  const model = await openTiny("exact");
  const progress: [number, number][] = [];
  const onProgress = (done: number, total: number) => void progress.push([done, total]);
  const means = await measureTapMeans({ model, ids: IDS, chunkTokens: 3, onProgress });
  expect(means).toMatchObject({ taps: 8, hidden, positions: 3 });
  expect(progress).toEqual([
    [3, 5],
    [5, 5],
  ]);
  const taps = everyTap(TINY.layers).map(formatTap);
  const forward = await openForward({ model, plan: planTaps(taps, 8) });
  const rows: number[][] = []; // [positions][taps × hidden]
  for (const chunk of [IDS.slice(0, 3), IDS.slice(3)]) {
    const { tapRows } = await forward.step(createSlot(model.manifest.architecture), chunk, "last");
    const width = taps.length * hidden;
    for (let row = 1; row < chunk.length; row += 1)
      rows.push(Array.from(tapRows.slice(row * width, (row + 1) * width)));
  }
  await forward.close();
  taps.forEach((_, tap) => {
    for (const index of [0, 17, hidden - 1]) {
      const at = tap * hidden + index;
      const raw = rows.map((row) => row[at] ?? NaN);
      const normed = rows.map((row) => {
        const values = row.slice(tap * hidden, (tap + 1) * hidden);
        return (row[at] ?? NaN) / Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / hidden + 1e-5);
      });
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(means.values[at]).toBeCloseTo(mean(raw), 5);
      expect(means.values[taps.length * hidden + at]).toBeCloseTo(mean(normed), 5);
    }
  });
});

test("a text of one token has nothing to average", async () => {
  const model = await openTiny("exact");
  await expect(measureTapMeans({ model, ids: [5], chunkTokens: 4 })).rejects.toThrow("fewer than two tokens");
});

import { expect, it } from "vitest";
import { createKeptRows } from "../../src/enrichment/kept-rows.ts";
import type { WorkerParts } from "../../src/engine/worker-parts.ts";

const forward = { plan: { taps: ["1.mlp_out", "0.attn_out"] } } as unknown as WorkerParts["forward"];
const rows = createKeptRows({ forward, hidden: 2 });
// Two positions of two taps.
const result = { tapRows: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) } as never;

it("takes rows in the order of the taps asked for", () => {
  const taken = rows.take(
    [
      { result, row: 1 },
      { result, row: 0 },
    ],
    ["0.attn_out", "1.mlp_out"],
  );
  expect(Array.from(taken)).toEqual([7, 8, 5, 6, 3, 4, 1, 2]);
});

it("throws for a tap that no pass returned", () => {
  expect(() => rows.take([{ result, row: 0 }], ["9.mlp_out"])).toThrow("the tap 9.mlp_out was not read");
});

import type { WorkerParts } from "../engine/worker-parts.ts";
import type { KeptRow } from "./reread.ts";

/** Takes the rows of taps out of what a pass returned. */
export interface KeptRows {
  /** `[rows, taps, hidden]`, taps in the order asked. */
  take(rows: readonly KeptRow[], taps: readonly string[]): Float32Array;
}

/** For passes of this engine. Throws an `Error` for a tap that its graph does not return. */
export function createKeptRows({ forward, hidden }: Pick<WorkerParts, "forward" | "hidden">): KeptRows {
  const order = forward.plan.taps;
  const indexOf = new Map(order.map((tap, index) => [tap, index]));
  return {
    take(rows, taps) {
      const taken = new Float32Array(rows.length * taps.length * hidden); // [rows, taps, hidden]
      rows.forEach(({ result, row }, at) => {
        taps.forEach((tap, index) => {
          const place = indexOf.get(tap);
          if (place === undefined) throw new Error(`the tap ${tap} was not read`);
          const from = (row * order.length + place) * hidden;
          taken.set(result.tapRows.subarray(from, from + hidden), (at * taps.length + index) * hidden);
        });
      });
      return taken;
    },
  };
}

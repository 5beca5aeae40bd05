import { describe, expect, test } from "vitest";
import type { ScoreLog } from "../../src/trace/stores.ts";
import { sampleScoreRow } from "./samples.ts";

/** What every score log does. */
export function describeScoreLog(name: string, open: () => Promise<ScoreLog>): void {
  describe(`${name} as a score log`, () => {
    test("rows come back whole, newest first, up to the limit", async () => {
      const log = await open();
      for (const number of [1, 3, 2]) await log.add(sampleScoreRow(number));
      expect(await log.list({ limit: 10 })).toEqual([sampleScoreRow(3), sampleScoreRow(2), sampleScoreRow(1)]);
      expect(await log.list({ limit: 1 })).toEqual([sampleScoreRow(3)]);
      expect(await log.count()).toBe(3);
    });

    test("rows of the same moment come back last written first, and the same request may write twice", async () => {
      const log = await open();
      for (const reason of ["stop", "length", "stop"] as const) await log.add(sampleScoreRow(1, { reason }));
      expect((await log.list({ limit: 10 })).map(({ reason }) => reason)).toEqual(["stop", "length", "stop"]);
    });

    test("since leaves older rows out and keeps those of that moment", async () => {
      const log = await open();
      for (const number of [1, 2, 3]) await log.add(sampleScoreRow(number));
      const rows = await log.list({ limit: 10, since: sampleScoreRow(2).createdAt });
      expect(rows.map(({ requestId }) => requestId)).toEqual(["request-3", "request-2"]);
    });

    test("an empty log has no rows", async () => {
      const log = await open();
      expect(await log.list({ limit: 10 })).toEqual([]);
      expect(await log.count()).toBe(0);
    });
  });
}

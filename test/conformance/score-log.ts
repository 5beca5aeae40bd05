import { describe, expect, test } from "vitest";
import type { ScoreLog } from "../../src/trace/stores.ts";
import { sampleScoreRow, traceId } from "./samples.ts";

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

    test("rows are found by their request and by their trace, newest first, up to the limit", async () => {
      const log = await open();
      const rows = [1, 3, 2].map((number) => sampleScoreRow(number, { requestId: "asked", traceId: traceId(number) }));
      for (const row of [...rows, sampleScoreRow(4)]) await log.add(row);
      const byRequest = await log.find({ requestId: "asked", limit: 9 });
      expect(byRequest.map(({ row }) => row.traceId)).toEqual([3, 2, 1].map(traceId));
      expect(await log.find({ requestId: "asked", limit: 1 })).toEqual([{ row: rows[1], origin: null }]);
      expect(await log.find({ traceId: traceId(2), limit: 9 })).toEqual([{ row: rows[2], origin: null }]);
      for (const query of [{ requestId: "ask" }, { requestId: "" }, { traceId: traceId(4) }, { traceId: "asked" }])
        expect(await log.find({ ...query, limit: 9 })).toEqual([]);
    });

    test("an empty log has no rows", async () => {
      const log = await open();
      expect(await log.list({ limit: 10 })).toEqual([]);
      expect(await log.count()).toBe(0);
    });
  });
}

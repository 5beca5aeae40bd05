import { expect, test } from "vitest";
import type { ScoreRow } from "../../src/trace/trace.ts";
import {
  sampleDecision,
  sampleEvidence,
  sampleHead,
  sampleItem,
  sampleScoreRow,
  traceId,
} from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { finderOf, openReviewStores } from "./review-server.ts";

type Stores = ReturnType<typeof openReviewStores>;

/** A flagged request with its row, trace and item. */
async function flag(
  { traces, scores, queue }: Stores,
  number: number,
  { blind = false, row = {} as Partial<ScoreRow> } = {},
) {
  await traces.open(sampleHead(number), sampleEvidence());
  await scores.add(sampleScoreRow(number, { traceId: traceId(number), flagged: true, reason: "abort", ...row }));
  await queue.enqueue(sampleItem(number, { blind }));
}
const open = () => openReviewStores(temporaryFolder());

test("a request that nothing flagged is found by its id and by the id of the trace it would have had", async () => {
  const stores = open();
  await stores.scores.add(sampleScoreRow(1, { traceId: traceId(1) }));
  await flag(stores, 2);
  for (const id of ["request-1", traceId(1)]) {
    const { runs, more } = await finderOf(stores).find(id, "ada");
    expect(runs).toMatchObject([{ requestId: "request-1", traceId: traceId(1), flagged: false, item: null }]);
    expect([runs.length, more]).toEqual([1, false]);
  }
});

test("a flagged one comes with what was done and where its item stands", async () => {
  const stores = open();
  await flag(stores, 1);
  const [run] = (await finderOf(stores).find("request-1", "ada")).runs;
  expect(run).toMatchObject({
    flagged: true,
    action: "abort",
    record: "kept",
    item: { state: "waiting" },
    hidden: false,
  });
  await stores.queue.claim({ reviewer: "ada", leaseMs: 60_000, traceId: traceId(1) });
  expect((await finderOf(stores).find(traceId(1), "ada")).runs[0]?.item?.state).toBe("claimed");
});

test("an id that was sent again and again has every run, newest first, up to a hundred", async () => {
  const stores = open();
  for (let number = 1; number <= 102; number += 1)
    await stores.scores.add(sampleScoreRow(number, { requestId: "again", traceId: traceId(number) }));
  const { runs, more } = await finderOf(stores).find("again");
  expect([runs.length, more, runs[0]?.traceId, runs.at(-1)?.traceId]).toEqual([100, true, traceId(102), traceId(3)]);
});

test("a run that a crash cut off has no row, and is found by its trace", async () => {
  const stores = open();
  await stores.traces.open(sampleHead(1), sampleEvidence());
  await stores.traces.interruptOpen();
  expect((await finderOf(stores).find("request-1")).runs).toMatchObject([{ ending: "interrupted", record: "kept" }]);
});

test("a deleted one says so, with its row and without", async () => {
  const stores = open();
  await flag(stores, 1);
  stores.database.prepare("UPDATE traces SET state = 'complete'").run();
  stores.erasures.erase([traceId(1)], 5);
  await stores.queue.remove(traceId(1));
  expect((await finderOf(stores).find("request-1", "ada")).runs).toMatchObject([{ record: "deleted", flagged: true }]);
  stores.database.prepare("DELETE FROM scores").run();
  expect((await finderOf(stores).find("request-1", "ada")).runs).toEqual([]);
  expect((await finderOf(stores).find(traceId(1), "ada")).runs).toMatchObject([{ record: "deleted", requestId: null }]);
});

test("what nobody knows has no run", async () => {
  const stores = open();
  await flag(stores, 1);
  for (const id of ["request-2", traceId(2), "request-", "%", "a\u0000b"])
    expect(await finderOf(stores).find(id, "ada")).toEqual({ id, gateway: "gw_here", runs: [], more: false });
});

test("a blind item hides its reason from who still judges it, and from no one else", async () => {
  const stores = open();
  await flag(stores, 1, { blind: true });
  const finder = finderOf(stores, 1);
  const seenBy = async (reader?: string) => (await finder.find("request-1", reader)).runs[0];
  expect(await seenBy("ada")).toMatchObject({ hidden: true, detectors: [], action: null, item: { state: "waiting" } });
  expect(await seenBy()).toMatchObject({ hidden: false, action: "abort" });
  await stores.decisions.add(sampleDecision(1, { reviewer: "grace" }));
  expect([(await seenBy("grace"))?.hidden, (await seenBy("ada"))?.hidden]).toEqual([false, true]);
  await stores.queue.decide(traceId(1), (await stores.queue.claim({ reviewer: "grace", leaseMs: 9_000 }))?.token ?? "");
  expect((await seenBy("ada"))?.hidden).toBe(false);
});

test("what may become a blind item hides it already, here and at another gateway", async () => {
  const stores = open();
  await stores.traces.open(sampleHead(1), sampleEvidence());
  const sampling = { clear: 1, near: 1, nearDetectors: [], drawn: "country-channel" };
  stores.scores.addOthers("gw_2", [
    { sequence: 1, row: sampleScoreRow(2, { traceId: traceId(2), flagged: true }) },
    { sequence: 2, row: sampleScoreRow(3, { traceId: traceId(3), sampling }) },
    { sequence: 3, row: sampleScoreRow(4, { traceId: traceId(4) }) },
  ]);
  const hiddenAt = async (blind: number) =>
    Promise.all(
      [1, 2, 3, 4].map(
        async (number) => (await finderOf(stores, blind).find(`request-${number}`, "ada")).runs[0]?.hidden,
      ),
    );
  expect(await hiddenAt(0.1)).toEqual([true, true, true, false]);
  expect(await hiddenAt(0)).toEqual([false, false, true, false]);
});

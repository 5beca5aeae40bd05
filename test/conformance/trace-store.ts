import { describe, expect, test } from "vitest";
import type { TraceStore } from "../../src/trace/stores.ts";
import { AWKWARD_TEXT, sampleEnd, sampleEvidence, sampleFinding, sampleHead, traceId } from "./samples.ts";

/** What every trace store does. `open` gives an empty store; `reopen` gives the same one as another process would see it. */
export interface TraceStoreFactory {
  open(): Promise<TraceStore>;
  reopen(): Promise<TraceStore>;
}

export function describeTraceStore(name: string, setUp: () => TraceStoreFactory): void {
  describe(`${name} as a trace store`, () => {
    test("an open trace holds its head and first evidence, also for another process", async () => {
      const factory = setUp();
      const store = await factory.open();
      await store.open(sampleHead(), sampleEvidence());
      const expected = {
        sample: null,
        head: sampleHead(),
        state: "open",
        evidence: [sampleEvidence()],
        end: null,
        queued: false,
      };
      expect(await store.get(traceId(1))).toEqual(expected);
      expect(await (await factory.reopen()).get(traceId(1))).toEqual(expected);
    });

    test("text comes back as it went in, NUL and lone surrogates included", async () => {
      const store = await setUp().open();
      const head = sampleHead(1, {
        conversation: [{ role: "user", content: AWKWARD_TEXT }],
        keyId: "key-1",
        promptTokens: 11,
      });
      const finding = sampleFinding({
        names: [{ name: AWKWARD_TEXT, share: 1 }],
        token: { id: 1, text: AWKWARD_TEXT },
      });
      await store.open(head, sampleEvidence({ finding }));
      const trace = await store.get(head.id);
      expect(trace?.head).toEqual(head);
      expect(trace?.evidence[0]?.finding).toEqual(finding);
    });

    test("a second open of the same id throws and changes nothing", async () => {
      const store = await setUp().open();
      await store.open(sampleHead(), sampleEvidence());
      await expect(store.open(sampleHead(1, { policy: "other" }), sampleEvidence())).rejects.toMatchObject({
        code: "conflict",
      });
      const trace = await store.get(traceId(1));
      expect(trace?.head.policy).toBe("demo");
      expect(trace?.evidence).toHaveLength(1);
    });

    test("evidence is kept in the order in which it was added", async () => {
      const store = await setUp().open();
      await store.open(sampleHead(), sampleEvidence());
      const later = [sampleEvidence({ released: 7 }), sampleEvidence({ released: 9 })];
      for (const evidence of later) await store.append(traceId(1), evidence);
      expect((await store.get(traceId(1)))?.evidence.map(({ released }) => released)).toEqual([3, 7, 9]);
    });

    test("closing adds the end and the state", async () => {
      const store = await setUp().open();
      for (const state of ["complete", "interrupted"] as const) {
        const head = sampleHead(state === "complete" ? 1 : 2);
        await store.open(head, sampleEvidence());
        await store.close(head.id, sampleEnd(), state);
        expect(await store.get(head.id)).toMatchObject({ state, end: sampleEnd(), queued: false });
      }
    });

    test("an ended or unknown trace takes neither evidence nor another end", async () => {
      const store = await setUp().open();
      await store.open(sampleHead(), sampleEvidence());
      await store.close(traceId(1), sampleEnd(), "complete");
      for (const id of [traceId(1), traceId(2)]) {
        await expect(store.append(id, sampleEvidence())).rejects.toMatchObject({ code: "conflict" });
        await expect(store.close(id, sampleEnd(), "interrupted")).rejects.toMatchObject({ code: "conflict" });
      }
      await expect(store.markQueued(traceId(2))).rejects.toMatchObject({ code: "conflict" });
      expect(await store.get(traceId(1))).toMatchObject({ state: "complete" });
      expect(await store.get(traceId(2))).toBeUndefined();
    });

    test("open rows become interrupted once, and closed ones stay as they are", async () => {
      const store = await setUp().open();
      for (const number of [1, 2, 3]) await store.open(sampleHead(number), sampleEvidence());
      await store.close(traceId(2), sampleEnd(), "complete");
      expect(await store.interruptOpen()).toBe(2);
      expect(await store.interruptOpen()).toBe(0);
      expect((await store.get(traceId(1)))?.state).toBe("interrupted");
      expect((await store.get(traceId(2)))?.state).toBe("complete");
    });

    test("a generation that lives on after its row was interrupted can still add evidence and its end", async () => {
      const store = await setUp().open();
      await store.open(sampleHead(), sampleEvidence());
      await store.interruptOpen();
      await store.append(traceId(1), sampleEvidence({ released: 8 }));
      await store.close(traceId(1), sampleEnd(), "complete");
      expect(await store.get(traceId(1))).toMatchObject({ state: "complete", end: { reason: "abort" } });
    });

    test("closed traces without a review item are listed oldest first, up to the limit", async () => {
      const store = await setUp().open();
      for (const number of [3, 1, 2, 4]) await store.open(sampleHead(number), sampleEvidence());
      for (const number of [3, 1, 2]) await store.close(traceId(number), sampleEnd(), "complete");
      expect(await store.listUnqueued(10)).toEqual([traceId(1), traceId(2), traceId(3)]);
      expect(await store.listUnqueued(2)).toEqual([traceId(1), traceId(2)]);
      await store.markQueued(traceId(1));
      expect(await store.listUnqueued(10)).toEqual([traceId(2), traceId(3)]);
      expect((await store.get(traceId(1)))?.queued).toBe(true);
    });
  });
}

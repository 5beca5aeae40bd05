import { describe, expect, test } from "vitest";
import type { DecisionStore, ReviewDecision } from "../../src/trace/stores.ts";
import { AWKWARD_TEXT, sampleDecision, traceId } from "./samples.ts";

function decision(number: number, verdict: ReviewDecision["verdict"], changes: Partial<ReviewDecision> = {}) {
  return sampleDecision(number, { verdict, ...changes });
}

/** What every decision store does. */
export function describeDecisionStore(name: string, open: () => Promise<DecisionStore>): void {
  describe(`${name} as a decision store`, () => {
    test("a trace without a verdict has none", async () => {
      const store = await open();
      expect(await store.latest(traceId(1))).toBeUndefined();
      expect(await store.list(traceId(1))).toEqual([]);
      expect(await store.count()).toEqual({ true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 });
    });

    test("verdicts are listed in the order in which they came, whatever their clocks say, and the last one counts", async () => {
      const store = await open();
      const given = [
        decision(1, "unsure"),
        decision(1, "escalate", { decidedAt: 5 }),
        decision(1, "true_positive", { reviewer: "bo" }),
      ];
      for (const one of given) await store.add(one);
      await store.add(decision(2, "false_positive"));
      expect(await store.list(traceId(1))).toEqual(given);
      expect(await store.latest(traceId(1))).toEqual(given[2]);
    });

    test("notes and names come back as they went in", async () => {
      const store = await open();
      const given = decision(1, "unsure", { note: AWKWARD_TEXT, reviewer: AWKWARD_TEXT });
      await store.add(given);
      expect(await store.latest(traceId(1))).toEqual(given);
    });

    test("a decision with a known id changes nothing", async () => {
      const store = await open();
      const given = decision(1, "unsure");
      await store.add(given);
      await store.add({ ...given, verdict: "true_positive" });
      expect(await store.list(traceId(1))).toEqual([given]);
    });

    test("a withdrawn verdict is listed and neither stands nor counts; a later one stands again", async () => {
      const store = await open();
      const [first, withdrawn, again] = [decision(1, "unsure"), decision(1, "withdrawn"), decision(1, "true_positive")];
      await store.add(first);
      await store.add(withdrawn);
      expect(await store.list(traceId(1))).toEqual([first, withdrawn]);
      expect(await store.latest(traceId(1))).toBeUndefined();
      expect(await store.count()).toMatchObject({ unsure: 0, true_positive: 0 });
      await store.add(again);
      expect(await store.latest(traceId(1))).toEqual(again);
    });

    test("the whole log is read in pages, oldest first", async () => {
      const store = await open();
      const given = [decision(1, "unsure"), decision(2, "true_positive"), decision(1, "withdrawn")];
      for (const one of given) await store.add(one);
      const [first, second] = [await store.page(0, 2), await store.page(2, 2)];
      expect([...first, ...second].map((row) => row.decision)).toEqual(given);
      expect(await store.page(second[0]?.sequence ?? 0, 2)).toEqual([]);
    });

    test("the count is of traces by the verdict that stands, superseded ones left out", async () => {
      const store = await open();
      for (const one of [
        decision(1, "unsure"),
        decision(1, "true_positive"),
        decision(2, "true_positive"),
        decision(3, "escalate"),
      ]) {
        await store.add(one);
      }
      expect(await store.count()).toEqual({ true_positive: 2, false_positive: 0, unsure: 0, escalate: 1 });
    });
  });
}

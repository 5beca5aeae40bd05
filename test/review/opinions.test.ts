import { expect, test } from "vitest";
import {
  excludedAt,
  isAlone,
  isHidden,
  mayBeBlind,
  nextStep,
  placeOf,
  secondOpinionShare,
  standingOf,
} from "../../src/review/opinions.ts";
import type { ReviewDecision } from "../../src/trace/stores.ts";
import { sampleDecision, sampleQueuedItem, traceId } from "../conformance/samples.ts";

const first = sampleDecision(1, { verdict: "true_positive", reviewer: "ada" });
const second = sampleDecision(1, { verdict: "false_positive", reviewer: "bo", stage: "second" });

test("a later verdict of a stage replaces the earlier one, and a withdrawal takes it away", () => {
  expect(standingOf([])).toEqual({ byStage: {}, last: undefined });
  expect(standingOf([first, second])).toEqual({ byStage: { first, second }, last: second });
  const again = sampleDecision(1, { verdict: "unsure" });
  expect(standingOf([first, second, again])).toEqual({ byStage: { first: again, second }, last: again });
  const back = sampleDecision(1, { verdict: "withdrawn", stage: "second" });
  expect(standingOf([first, second, back])).toEqual({ byStage: { first }, last: first });
});

test("a first verdict ends the item or goes on to a second reviewer, for the share that is drawn", () => {
  const steps = Array.from({ length: 2_000 }, (_, number) => {
    const decision = { ...first, traceId: traceId(number) };
    return nextStep(decision, standingOf([decision]), 0.25);
  });
  const share = steps.filter((step) => step === "second").length / steps.length;
  expect(share).toBeGreaterThan(0.21);
  expect(share).toBeLessThan(0.29);
  expect(nextStep(first, standingOf([first]), 0)).toBe("decided");
  expect(nextStep(first, standingOf([first]), 1)).toBe("second");
});

test("what is escalated, and two verdicts that contradict one another, go to a lead", () => {
  const raise = { ...first, verdict: "escalate" } as const;
  expect(nextStep(raise, standingOf([raise]), 1)).toBe("escalated");
  expect(nextStep(second, standingOf([first, second]), 1)).toBe("escalated");
  const agreeing = { ...second, verdict: "true_positive" } as const;
  expect(nextStep(agreeing, standingOf([first, agreeing]), 1)).toBe("decided");
  const unsure = { ...second, verdict: "unsure" } as const;
  expect(nextStep(unsure, standingOf([first, unsure]), 1)).toBe("decided");
  const last = { ...second, stage: "escalated" } as const;
  expect(nextStep(last, standingOf([first, last]), 1)).toBe("decided");
});

test("only the first reviewer is kept from the second opinion", () => {
  const standing = standingOf([first, second]);
  expect([excludedAt("first", standing), excludedAt("second", standing), excludedAt("escalated", standing)]).toEqual([
    [],
    ["ada"],
    [],
  ]);
});

test("a blind item hides its scores from whoever has not judged it, until it is decided", () => {
  const item = sampleQueuedItem(1, { blind: true });
  expect(isHidden(item, [], "bo")).toBe(true);
  expect(isHidden(item, [first], "bo")).toBe(true);
  expect(isHidden(item, [first], "ada")).toBe(false);
  expect(isHidden({ ...item, state: "decided" }, [], "bo")).toBe(false);
  expect(isHidden({ ...item, state: "dead" }, [], "bo")).toBe(true);
  expect(isHidden({ ...item, blind: false }, [], "bo")).toBe(false);
});

test("a second reviewer, and whoever judges a blind item, does not see what others said", () => {
  const waiting = sampleQueuedItem(1, { stage: "second", excluded: ["ada"] });
  expect(isAlone(waiting, [first], "bo")).toBe(true);
  expect(isAlone(waiting, [first], "ada")).toBe(false);
  expect(isAlone({ ...waiting, state: "decided" }, [first], "bo")).toBe(false);
  expect(isAlone({ ...waiting, stage: "escalated", excluded: [] }, [first], "bo")).toBe(false);
  expect(isAlone(sampleQueuedItem(1, { blind: true }), [], "bo")).toBe(true);
});

test("a sampled trace is to be a blind item, and any other where some are", () => {
  const sample = { stratum: "clear", probability: 1, detector: "a", score: 1, threshold: 2 } as const;
  expect(mayBeBlind({ sample }, 0)).toBe(true);
  expect(mayBeBlind({ sample: null }, 0)).toBe(false);
  expect(mayBeBlind({ sample: null }, 0.1)).toBe(true);
});

test("a verdict that says where its item went is taken at its word, whatever the share is now", () => {
  const passed = { ...first, next: "second" } as const;
  expect(nextStep(passed, standingOf([passed]), 0)).toBe("second");
  const done = { ...first, next: "decided" } as const;
  expect(nextStep(done, standingOf([done]), 1)).toBe("decided");
});

test("one reviewer alone is asked for no second opinion", () => {
  const ada = { name: "ada", role: "lead", password: "" } as const;
  expect(secondOpinionShare({ reviewers: [ada], secondOpinion: 0.5 })).toBe(0);
  expect(secondOpinionShare({ reviewers: [], secondOpinion: 0.5 })).toBe(0.5);
});

test("the log of verdicts says where an item stands", () => {
  const back = (stage: "first" | "second" | "escalated") => sampleDecision(1, { verdict: "withdrawn", stage });
  const passed = { ...first, next: "second" } as const;
  const disputed = { ...second, next: "escalated" } as const;
  const raised = sampleDecision(1, { verdict: "escalate", next: "escalated" });
  const led = sampleDecision(1, { stage: "escalated", reviewer: "lea", next: "decided" });
  const place = (decisions: readonly ReviewDecision[]) => placeOf(decisions, 0);
  const unjudged = { state: "unjudged", stage: "first", excluded: [] };
  const atSecond = { state: "judged", stage: "second", excluded: ["ada"] };
  const atLead = { state: "judged", stage: "escalated", excluded: [] };
  expect(place([])).toEqual(unjudged);
  expect(place([first])).toEqual({ state: "decided", stage: "first", excluded: [] });
  expect(place([passed])).toEqual(atSecond);
  expect(place([passed, disputed])).toEqual(atLead);
  // The order in which two gateways hear of two verdicts makes no difference.
  expect(place([disputed, passed])).toEqual(atLead);
  expect(place([passed, disputed, back("second")])).toEqual(atSecond);
  expect(place([raised])).toEqual(atLead);
  expect(place([raised, led])).toEqual({ state: "decided", stage: "escalated", excluded: [] });
  expect(place([raised, led, back("escalated")])).toEqual(atLead);
  expect(place([passed, back("first")])).toEqual(unjudged);
  // From before verdicts said it: by the id and the share.
  expect(placeOf([first], 1)).toEqual(atSecond);
});

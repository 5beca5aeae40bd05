import { expect, test } from "vitest";
import {
  agreementOf,
  createVerdictReader,
  outcomesOf,
  standingVerdicts,
  throughputOf,
} from "../../src/review/verdict-record.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { OpinionStage, ReviewDecision } from "../../src/trace/stores.ts";
import { sampleDecision, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

type Verdict = ReviewDecision["verdict"];

function opinion(
  trace: number,
  verdict: Verdict,
  stage: OpinionStage = "first",
  reviewer = stage === "first" ? "ada" : "bob",
) {
  return sampleDecision(trace, { verdict, stage, reviewer });
}

function answerTo(...decisions: readonly ReviewDecision[]) {
  return outcomesOf(decisions).get(traceId(1))?.answer;
}

test("the last verdict of a stage counts, a withdrawn one does not, and a lead's goes before all", () => {
  expect(answerTo(opinion(1, "true_positive"), opinion(1, "false_positive"))).toBe("negative");
  expect(answerTo(opinion(1, "true_positive"), opinion(1, "withdrawn"))).toBeUndefined();
  expect(answerTo(opinion(1, "unsure"))).toBe("unsure");
  expect(answerTo(opinion(1, "false_positive", "escalated"), opinion(1, "true_positive"))).toBe("negative");
});

test("an escalation is no answer, and two opinions that contradict one another are unsure until a lead has decided", () => {
  expect(answerTo(opinion(1, "escalate"))).toBeNull();
  const disputed = [opinion(1, "true_positive"), opinion(1, "false_positive", "second")];
  expect(answerTo(...disputed)).toBe("unsure");
  expect(answerTo(...disputed, opinion(1, "true_positive", "escalated"))).toBe("positive");
});

test("kappa is what two reviewers agree beyond chance", () => {
  const pairs: [Verdict, Verdict, number][] = [
    ["true_positive", "true_positive", 20],
    ["true_positive", "false_positive", 5],
    ["false_positive", "true_positive", 10],
    ["false_positive", "false_positive", 15],
  ];
  let trace = 0;
  const decisions = pairs.flatMap(([first, second, count]) =>
    Array.from({ length: count }, () => [opinion((trace += 1), first), opinion(trace, second, "second")]).flat(),
  );
  const agreement = agreementOf([
    ...decisions,
    opinion(90, "true_positive"),
    opinion(91, "escalate"),
    opinion(91, "unsure", "second"),
  ]);
  expect(agreement).toMatchObject({ pairs: 50, percent: 70 });
  expect(agreement?.kappa).toBeCloseTo(0.4);
});

test("nobody agrees with himself, and where all say the same kappa is unknown", () => {
  expect(agreementOf([opinion(1, "unsure"), opinion(1, "unsure", "second", "ada")])).toBeNull();
  expect(agreementOf([opinion(1, "true_positive"), opinion(1, "true_positive", "second")])).toEqual({
    pairs: 1,
    percent: 100,
    kappa: null,
  });
});

test("a second opinion that is taken back and given again, when the first was known, changes no agreement", () => {
  const first = [opinion(1, "true_positive"), opinion(1, "withdrawn"), opinion(1, "false_positive")];
  const second = [
    opinion(1, "true_positive", "second"),
    opinion(1, "withdrawn", "second"),
    opinion(1, "false_positive", "second"),
  ];
  expect(agreementOf([...first, ...second])).toMatchObject({ pairs: 1, percent: 0 });
});

test("throughput counts a trace once a stage and day, and shows idle days", () => {
  const now = Date.parse("2030-02-02T12:00:00Z");
  const at = (day: string, trace: number, verdict: Verdict = "unsure") =>
    sampleDecision(trace, { verdict, decidedAt: Date.parse(`${day}T23:59:59Z`) });
  const decisions = [at("2030-01-30", 1), at("2030-02-01", 1), at("2030-02-01", 1), at("2030-02-01", 2, "withdrawn")];
  expect(throughputOf(decisions, { now, days: 3 })).toEqual([
    { day: "2030-01-31", decided: 0 },
    { day: "2030-02-01", decided: 1 },
    { day: "2030-02-02", decided: 0 },
  ]);
});

test("the record is read on from where it stopped", async () => {
  const decisions = createDecisionStore(openDatabase({ folder: temporaryFolder() }));
  const read = createVerdictReader(decisions);
  for (let trace = 1; trace <= 1001; trace += 1) await decisions.add(sampleDecision(trace));
  expect(await read()).toHaveLength(1001);
  await decisions.add(sampleDecision(2000));
  expect((await read()).at(-1)?.traceId).toBe(traceId(2000));
  expect(standingVerdicts(await read()).size).toBe(1002);
});

import type { DecisionStore, OpinionStage, ReviewDecision } from "../trace/stores.ts";
import type { Answer } from "./judged-reply.ts";

/** How far two reviewers of the same items agree beyond chance. */
export interface Agreement {
  /** Items with a first and a second opinion, neither of them an escalation. */
  readonly pairs: number;
  /** Share of equal verdicts, 0 to 100. */
  readonly percent: number;
  /** Cohen's kappa over true positive, false positive and unsure; null where chance alone would always agree. */
  readonly kappa: number | null;
}

/** Verdicts of one day (UTC, `2030-01-31`), each trace once a stage. */
export interface DayCount {
  readonly day: string;
  readonly decided: number;
}

const PAGE = 1000;

/** Reads the record on from where it stopped. */
export function createVerdictReader(decisions: Pick<DecisionStore, "page">): () => Promise<readonly ReviewDecision[]> {
  const read: ReviewDecision[] = [];
  let place = 0;
  return async () => {
    for (;;) {
      const page = await decisions.page(place, PAGE);
      read.push(...page.map(({ decision }) => decision));
      place = page.at(-1)?.sequence ?? place;
      if (page.length < PAGE) return read;
    }
  };
}

/** What the verdicts on one trace come to. */
export interface Outcome {
  /** The verdict that counts: the lead's, else the one given last. */
  readonly decision: ReviewDecision;
  /** Null while nobody has settled it: an escalation that no lead has decided. Two opinions that contradict one another are unsure until then. */
  readonly answer: Answer | null;
}

type Stages = Map<OpinionStage, ReviewDecision>;

/** The verdicts that stand on each trace by stage: a later one of a stage takes the place of the earlier, a withdrawal takes it away. */
export function standingVerdicts(decisions: readonly ReviewDecision[]): Map<string, Stages> {
  const traces = new Map<string, Stages>();
  for (const decision of decisions) {
    const stages = traces.get(decision.traceId) ?? new Map<OpinionStage, ReviewDecision>();
    traces.set(decision.traceId, stages);
    // Taken out first, so that the one given last is last.
    stages.delete(decision.stage);
    if (decision.verdict !== "withdrawn") stages.set(decision.stage, decision);
  }
  return traces;
}

/** What counts of each trace that has a verdict. */
export function outcomesOf(decisions: readonly ReviewDecision[]): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const [traceId, stages] of standingVerdicts(decisions)) {
    const decision = stages.get("escalated") ?? [...stages.values()].at(-1);
    if (decision === undefined) continue;
    const [first, second] = [stages.get("first"), stages.get("second")].map(answerOf);
    const isDisputed = decision.stage !== "escalated" && contradict(first ?? null, second ?? null);
    outcomes.set(traceId, { decision, answer: isDisputed ? "unsure" : answerOf(decision) });
  }
  return outcomes;
}

function contradict(one: Answer | null, other: Answer | null): boolean {
  return (one === "positive" && other === "negative") || (one === "negative" && other === "positive");
}

/** What a verdict answers; null for none and for an escalation, which leaves the answer to someone else. */
function answerOf(decision: ReviewDecision | undefined): Answer | null {
  if (decision?.verdict === "true_positive") return "positive";
  if (decision?.verdict === "false_positive") return "negative";
  return decision?.verdict === "unsure" ? "unsure" : null;
}

/** Compares first opinions with second ones by another reviewer. Null without any. */
export function agreementOf(decisions: readonly ReviewDecision[]): Agreement | null {
  const pairs = pairsOf(decisions);
  if (pairs.length === 0) return null;
  const equal = pairs.filter(([first, second]) => first === second).length / pairs.length;
  const share = (which: 0 | 1, answer: Answer): number =>
    pairs.filter((pair) => pair[which] === answer).length / pairs.length;
  const chance = (["positive", "negative", "unsure"] as const).reduce(
    (sum, answer) => sum + share(0, answer) * share(1, answer),
    0,
  );
  return {
    pairs: pairs.length,
    percent: 100 * equal,
    kappa: chance > 1 - 1e-12 ? null : (equal - chance) / (1 - chance),
  };
}

/** The first verdict as it stood when another reviewer gave the second one. What is given again later was given knowing the other. */
function pairsOf(decisions: readonly ReviewDecision[]): (readonly [Answer, Answer])[] {
  const firsts = new Map<string, ReviewDecision>();
  const pairs = new Map<string, readonly [Answer | null, Answer | null]>();
  for (const decision of decisions) {
    const { traceId, stage, verdict, reviewer } = decision;
    const first = firsts.get(traceId);
    if (stage === "first" && verdict === "withdrawn") firsts.delete(traceId);
    else if (stage === "first") firsts.set(traceId, decision);
    else if (stage === "second" && verdict !== "withdrawn" && first !== undefined && first.reviewer !== reviewer)
      if (!pairs.has(traceId)) pairs.set(traceId, [answerOf(first), answerOf(decision)]);
  }
  return [...pairs.values()].flatMap(([one, other]) => (one === null || other === null ? [] : [[one, other] as const]));
}

/** Verdicts by day, oldest first, for so many days up to now; days without any are there with 0. Withdrawals do not count. */
export function throughputOf(
  decisions: readonly ReviewDecision[],
  { now, days }: { readonly now: number; readonly days: number },
): DayCount[] {
  const counts = new Map<string, Set<string>>();
  for (let ago = days - 1; ago >= 0; ago -= 1) counts.set(dayOf(now - ago * DAY_MS), new Set());
  for (const { verdict, traceId, stage, decidedAt } of decisions) {
    if (verdict !== "withdrawn") counts.get(dayOf(decidedAt))?.add(`${traceId} ${stage}`);
  }
  return [...counts].map(([day, decided]) => ({ day, decided: decided.size }));
}

const DAY_MS = 86_400_000;

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

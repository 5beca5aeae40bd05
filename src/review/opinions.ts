import type { DecisionStore, ReviewDecision } from "../trace/stores.ts";
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
export function createOpinionReader(decisions: Pick<DecisionStore, "page">): () => Promise<readonly ReviewDecision[]> {
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

/** The verdict that counts on each trace: the last one, unless it was withdrawn. */
export function standingVerdicts(decisions: readonly ReviewDecision[]): Map<string, ReviewDecision> {
  const standing = new Map<string, ReviewDecision>();
  for (const decision of decisions) {
    if (decision.verdict === "withdrawn") standing.delete(decision.traceId);
    else standing.set(decision.traceId, decision);
  }
  return standing;
}

/** What a verdict answers; null for an escalation, which leaves the answer to someone else. */
export function answerOf({ verdict }: Pick<ReviewDecision, "verdict">): Answer | null {
  if (verdict === "true_positive") return "positive";
  if (verdict === "false_positive") return "negative";
  return verdict === "unsure" ? "unsure" : null;
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

function pairsOf(decisions: readonly ReviewDecision[]): (readonly [Answer, Answer])[] {
  const byTrace = new Map<string, ReviewDecision[]>();
  for (const decision of decisions) {
    const own = byTrace.get(decision.traceId) ?? [];
    byTrace.set(decision.traceId, own);
    // A withdrawal takes back what the same person said last.
    if (decision.verdict !== "withdrawn") own.push(decision);
    else {
      const at = own.findLastIndex(({ reviewer }) => reviewer === decision.reviewer);
      if (at >= 0) own.splice(at, 1);
    }
  }
  return [...byTrace.values()].flatMap((own) => {
    const first = own.findLast(({ stage }) => stage === "first");
    const second = own.findLast(({ stage, reviewer }) => stage === "second" && reviewer !== first?.reviewer);
    const answers = [first, second].map((opinion) => (opinion === undefined ? null : answerOf(opinion)));
    const [one, other] = answers;
    return one === null || other === null || one === undefined || other === undefined ? [] : [[one, other] as const];
  });
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

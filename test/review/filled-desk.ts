import type { ReviewDecision } from "../../src/trace/stores.ts";
import type { Trace } from "../../src/trace/trace.ts";
import {
  sampleDecision,
  sampleEnd,
  sampleEvidence,
  sampleFinding,
  sampleHead,
  traceId,
} from "../conformance/samples.ts";
import { madeEnrichment } from "./made-enrichment.ts";
import type { startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

type Server = Awaited<ReturnType<typeof startReviewServer>>;

export const DESCRIPTIONS = {
  "country-channel": "The model has a country in mind.",
  "deception-lie": "The model is about to say what it holds to be false.",
  "audit-approval": "The model has the auditor's approval in mind.",
};

/** The example with another question, another request and another end. */
function variant(number: number, changes: Partial<Trace["head"]>, content: string): Trace {
  const trace = sushiTrace(number);
  const conversation = [...trace.head.conversation.slice(0, 1), { role: "user", content }];
  return { ...trace, head: { ...trace.head, conversation, ...changes } };
}

const lying = (number: number): Trace => {
  const trace = variant(
    number,
    { policy: "strict", mode: "monitor" },
    "Did you finish the report I asked for yesterday?",
  );
  const [first = sampleEvidence()] = trace.evidence;
  const finding = sampleFinding({
    detector: "deception-lie",
    score: 3.1,
    raw: 2.2,
    threshold: 2.5,
    position: 63,
    names: [],
    tap: "17.resid_post",
    token: { id: 9, text: " Yes" },
  });
  const decision = { action: "would_abort", rule: "strict.deception-lie: abort" } as const;
  return {
    ...trace,
    evidence: [{ ...first, finding, decision, detectors: ["deception-lie", "audit-approval"], thresholds: [2.5, 4] }],
    end: sampleEnd({ ...trace.end, reason: "stop", releasedTokens: 5, promptTokens: 60 }),
  };
};

const broken = (number: number): Trace => {
  const trace = variant(number, {}, "Which country makes the best cheese, and why does everyone there agree?");
  const [first = sampleEvidence()] = trace.evidence;
  const finding = {
    detector: "country-channel",
    position: 63,
    verdict: "error",
    errorType: "timeout",
    message: "took 512 ms of 500 ms",
  } as const;
  return {
    ...trace,
    evidence: [{ ...first, finding, decision: { action: "unavailable" }, lens: [] }],
    end: sampleEnd({ ...trace.end, reason: "unavailable", promptTokens: 60 }),
  };
};

/** A reply that nothing flagged, drawn for review. */
export function drawnTrace(number: number): Trace {
  const { head, end } = sushiTrace(number);
  const sample = {
    stratum: "near",
    probability: 0.02,
    detector: "country-channel",
    score: 4.61,
    threshold: 5,
  } as const;
  return {
    head,
    state: "complete",
    evidence: [],
    end: sampleEnd({ ...end, reason: "stop", decision: { action: "continue" }, releasedTokens: 5 }),
    queued: true,
    sample,
  };
}

/** A prompt of a book and a reply of thousands of tokens. */
export function hugeTrace(number: number): Trace {
  const trace = variant(number, {}, "The quick brown fox thinks of Japan. ".repeat(20_000));
  const generated = Array.from({ length: 6_000 }, (_, id) => ({ id, text: id % 9 === 0 ? " Tokyo" : " words" }));
  const [first = sampleEvidence()] = trace.evidence;
  const live = first.live.map((one, index) => ({ ...one, position: 60 + 4_936 + index }));
  const finding = sampleFinding({ position: 4_999 + 60, score: 5.62, threshold: 5 });
  return {
    ...trace,
    evidence: [{ ...first, finding, live, generated, released: 4_999 }],
    end: sampleEnd({ promptTokens: 60, generated, releasedTokens: 4_999 }),
  };
}

/** Nine waiting items of every kind, and some that have been decided. */
export async function fillDesk(server: Server): Promise<void> {
  const others = [
    "Which sport is played with a broom on ice?",
    "Name the capital of the land of the rising sun, but do not name the country itself. Then write a short poem about the people who live there, with exactly three stanzas.",
    "اكتب لي جملة عن الطعام",
  ];
  for (const [index, text] of others.entries()) await server.add(variant(index + 1, {}, text));
  await server.add(lying(4));
  await server.add(broken(5));
  await server.add(drawnTrace(6), { createdAt: Date.now() - 1_500_000 });
  await server.add(sushiTrace(7));
  await server.add(hugeTrace(8), { repetition: "flood:1" });
  await server.add(variant(9, {}, "Tell me about ramen."), { repetition: "ramen" });
  for (let number = 30; number < 42; number += 1)
    await server.add(variant(number, {}, "Tell me about ramen."), { repetition: "ramen" });
  for (const trace of [sushiTrace(7), lying(4), hugeTrace(8)])
    await server.enrichments.put(
      trace.head.id,
      Date.now(),
      JSON.stringify(
        madeEnrichment(trace, undefined, {
          continuation: { text: " Japanese dish that originated in Japan.", tokens: 8 },
        }),
      ),
    );
  await server.enrichments.put(
    traceId(2),
    Date.now(),
    JSON.stringify({
      version: 1,
      traceId: traceId(2),
      madeAt: Date.now(),
      failed: "the model file has changed since (sha256 differs)",
    }),
  );
  await decide(server);
  await server.audit.add({
    at: Date.now() - 90_000,
    actor: "ada",
    event: "note",
    traceId: traceId(7),
    detail: { text: "The same caller asked this three times today." },
  });
  await server.audit.add({
    at: Date.now() - 60_000,
    actor: "grace",
    event: "view",
    traceId: traceId(7),
    detail: { hidden: false },
  });
}

/** Earlier items with verdicts. */
async function decide(server: Server): Promise<void> {
  const verdicts: ReviewDecision["verdict"][] = [
    "true_positive",
    "true_positive",
    "false_positive",
    "unsure",
    "true_positive",
  ];
  for (const [index, verdict] of verdicts.entries()) {
    const number = 20 + index;
    await server.add(
      sushiTrace(number, {
        head: sampleHead(number, { ...sushiTrace(number).head, createdAt: Date.now() - 86_400_000 * index }),
      }),
    );
    await server.decisions.add(
      sampleDecision(number, {
        verdict,
        reviewer: index === 2 ? "grace" : "ada",
        decidedAt: Date.now() - 3_600_000 * index,
        note: index === 2 ? "Sushi is not a country." : "",
      }),
    );
    const claim = await server.queue.claim({ reviewer: "ada", leaseMs: 60_000, traceId: traceId(number) });
    if (claim !== undefined) await server.queue.decide(traceId(number), claim.token);
  }
}

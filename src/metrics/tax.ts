import type { LensShares } from "../engine/lens-share.ts";
import type { RunReport } from "../http/observer.ts";
import { createLengths } from "./reply-lengths.ts";
import type { AddTo } from "./serving-metrics.ts";

/** An abort as the estimate of what it saved needs it. */
export interface ConfirmedAbort {
  readonly maxTokens: number;
  readonly generatedTokens: number;
}

/** The safety tax: what oversight costs, and what aborts that a person confirmed saved. */
export interface Tax {
  runEnded(report: RunReport): void;
  /** After a measurement, which may come again when the engine was loaded anew. */
  learn(shares: LensShares): void;
  /** A flagged trace was read again, for this long. */
  enriched(tookMs: number): void;
  /** A completed reply of an earlier process. */
  remember(reply: ConfirmedAbort): void;
  /** A person says that this abort was right. Nothing is counted while nothing comparable is known. */
  confirmed(abort: ConfirmedAbort): void;
}

/** Adds to counters and histograms, and sets gauges. */
export interface TaxWriters {
  readonly add: AddTo;
  readonly set: AddTo;
}

/** Makes the tax, which writes its series. */
export function createTax({ add, set }: TaxWriters): Tax {
  const lengths = createLengths();
  const written = { ms: 0, tokens: 0 };
  let shares: LensShares = { prefill: 0, decode: 0, stepMs: 0 };

  return {
    runEnded({ end, maxTokens }) {
      const { judgeMs, passMs = { prefill: 0, decode: 0 } } = end.timing;
      const tokens = end.generated.length;
      add("taxSpent", { part: "judging" }, judgeMs / 1000);
      add("taxSpent", { part: "lens" }, (passMs.prefill * shares.prefill + passMs.decode * shares.decode) / 1000);
      const read = end.promptTokens + tokens;
      if (tokens > 0) {
        add("decodeOverhead", { stage: "lens" }, (passMs.decode * shares.decode) / tokens / 1000);
        add("decodeOverhead", { stage: "judging" }, judgeMs / read / 1000);
        written.ms += passMs.decode + (judgeMs * tokens) / read;
        written.tokens += tokens;
      }
      const isComplete = end.reason === "stop" || end.reason === "length";
      if (isComplete && maxTokens !== undefined) lengths.add({ maxTokens, generatedTokens: tokens });
    },
    learn(measured) {
      shares = measured;
      set("lensShare", { phase: "prefill" }, measured.prefill);
      set("lensShare", { phase: "decode" }, measured.decode);
    },
    enriched: (tookMs) => add("taxSpent", { part: "enrichment" }, tookMs / 1000),
    remember: (reply) => lengths.add(reply),
    confirmed(abort) {
      const tokens = lengths.remaining(abort);
      const tokenMs = written.tokens > 0 ? written.ms / written.tokens : shares.stepMs;
      if (tokens !== undefined) add("taxSaved", {}, (tokens * tokenMs) / 1000);
    },
  };
}

import type { DecisionStore, ReviewDecision } from "../trace/stores.ts";
import type { ConfirmedAbort } from "./tax.ts";

export interface ConfirmedAbortsOptions {
  readonly decisions: Pick<DecisionStore, "page" | "list">;
  /** What this gateway stopped under an item: its trace and those that are alike. Without those of which it is not known what was allowed. */
  readonly abortsOf: (itemId: string) => Promise<readonly ConfirmedAbort[]>;
  /** Verdicts from before, in milliseconds since 1970, are another process's. */
  readonly since: number;
}

const PAGE = 500;

/** Aborts that got their first `true_positive` since the last call. Verdicts may come from any process, so the record is read. */
export function followConfirmedAborts(options: ConfirmedAbortsOptions): () => Promise<ConfirmedAbort[]> {
  let place = 0;
  let busy = false;

  async function next(): Promise<ConfirmedAbort[]> {
    const found: ConfirmedAbort[] = [];
    for (;;) {
      const page = await options.decisions.page(place, PAGE);
      for (const { sequence, decision } of page) {
        found.push(...(await confirmedBy(options, decision)));
        place = sequence;
      }
      if (page.length < PAGE) return found;
    }
  }

  return async () => {
    // Two that read at once would count everything twice.
    if (busy) return [];
    busy = true;
    try {
      return await next();
    } finally {
      busy = false;
    }
  };
}

async function confirmedBy(
  { decisions, abortsOf, since }: ConfirmedAbortsOptions,
  decision: ReviewDecision,
): Promise<readonly ConfirmedAbort[]> {
  if (decision.verdict !== "true_positive" || decision.decidedAt < since) return [];
  const first = (await decisions.list(decision.traceId)).find(({ verdict }) => verdict === "true_positive");
  return first?.id === decision.id ? abortsOf(decision.traceId) : [];
}

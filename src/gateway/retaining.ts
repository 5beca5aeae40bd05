import type { Logger } from "../log.ts";
import { removeExpired, type Removed } from "../trace/retention.ts";
import { TOLD_MS } from "../trace/shared-erasures.ts";
import type { Records, RecordsConfig } from "./records.ts";

/** What keeping for a while works on. */
export interface RetainingParts {
  /** As the configuration has it when a look begins. */
  readonly retentionNow: () => RecordsConfig["retention"];
  readonly records: Pick<Records, "local" | "erasing" | "audit" | "trimScores">;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const [FIRST_MS, EVERY_MS] = [60_000, 3_600_000];

/** Removes what has run out, a minute after the start and then every hour. Closing lets a look under way finish. */
export function startRetaining(parts: RetainingParts): { close(): Promise<void> } {
  const { log } = parts;
  let running: Promise<unknown> = Promise.resolve();
  const look = (): void => {
    running = removeOnce(parts).catch((error: unknown) => log.error({ err: error }, "what has run out stays for now"));
  };
  const first = setTimeout(look, FIRST_MS);
  const timer = setInterval(look, EVERY_MS);
  first.unref();
  timer.unref();
  return {
    async close() {
      clearTimeout(first);
      clearInterval(timer);
      await running;
    },
  };
}

/** One look. What it removed is in the audit log. */
export async function removeOnce({ retentionNow, records, log, clock = Date.now }: RetainingParts): Promise<Removed> {
  const { local, erasing, audit } = records;
  const { eraseAll } = erasing;
  const removed = await removeExpired({ database: local.database, retention: retentionNow(), eraseAll, clock });
  local.erasures.prune(clock() - TOLD_MS);
  const { traces, unreviewed, enrichments, scores, firstScore } = removed;
  if (traces + enrichments + scores === 0) return removed;
  local.erasures.flush();
  const detail = { traces, unreviewed, enrichments, scores };
  await audit.add({ at: clock(), actor: "gateway", event: "retention", traceId: null, detail });
  log[unreviewed > 0 ? "warn" : "info"](detail, "what has run out is removed");
  if (scores > 0 && firstScore !== null) await records.trimScores(firstScore);
  return removed;
}

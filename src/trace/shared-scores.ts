import type { createScoreLog } from "./score-log.ts";
import type { SharedLog } from "./shared-log.ts";
import type { ScoreLog } from "./stores.ts";
import type { ScoreRow } from "./trace.ts";

/** What a look at every gateway's scores takes. */
export interface SharedScoresOptions {
  readonly log: SharedLog;
  readonly local: ReturnType<typeof createScoreLog>;
  readonly gatewayId: string;
  /** How many rows of each other gateway are kept here. */
  readonly maxRows: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

const BATCH = 500;
/** Looks that come closer together share what the first one fetched. */
const FRESH_MS = 2_000;

/** Score rows of every gateway: others' are copied to this disk before a look. While Redis is away, what is here is shown. */
export function createSharedScores(options: SharedScoresOptions): ScoreLog {
  const { log, local, gatewayId, maxRows, clock = Date.now } = options;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  async function fetch(): Promise<void> {
    for (const origin of await log.gateways()) {
      if (origin === gatewayId) continue;
      for (let place = local.lastOf(origin); ;) {
        const { lines, read } = await log.read(origin, place, BATCH);
        local.addOthers(
          origin,
          lines.map(({ sequence, body }) => ({ sequence, row: JSON.parse(body) as ScoreRow })),
        );
        place = lines.at(-1)?.sequence ?? place + read;
        if (read < BATCH) break;
      }
      local.trim(origin, maxRows);
    }
    fetchedAt = clock();
  }
  /** A failure is counted by the connection. */
  async function refresh(): Promise<void> {
    if (clock() - fetchedAt < FRESH_MS) return;
    fetching ??= fetch()
      .catch(() => undefined)
      .finally(() => (fetching = undefined));
    await fetching;
  }

  return {
    add: (row) => local.add(row),
    async list(query) {
      await refresh();
      return local.list(query);
    },
    async count() {
      await refresh();
      return local.count();
    },
    async find(query) {
      await refresh();
      return local.find(query);
    },
  };
}

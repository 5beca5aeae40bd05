import type { Logger } from "../log.ts";
import type { createDecisionStore } from "./decision-store.ts";
import type { PumpStep } from "./pump.ts";
import type { RedisHandle } from "./redis.ts";
import type { Sealing } from "./sealing.ts";
import type { Settings } from "./settings.ts";
import type { DecisionStore, ReviewDecision } from "./stores.ts";

/** What sharing decisions takes. */
export interface SharedDecisionsOptions {
  readonly redis: RedisHandle;
  readonly sealing: Sealing;
  readonly settings: Settings;
  readonly local: ReturnType<typeof createDecisionStore>;
  readonly log: Pick<Logger, "error">;
  /** Told when a decision is to be sent. */
  readonly onAdded: () => void;
}

/** Adds each (id, body) of ARGV to the log unless its id is known. One step, so that two gateways never add the same twice. */
const APPEND = `
for i = 1, #ARGV, 2 do
  if redis.call("SADD", KEYS[2], ARGV[i]) == 1 then redis.call("XADD", KEYS[1], "*", "id", ARGV[i], "body", ARGV[i + 1]) end
end`;
const BATCH = 200;
const [SENT, SEEN] = ["shared_decisions", "seen_decisions"];

/** Decisions of every gateway, and the step that exchanges them. */
export interface SharedDecisions extends DecisionStore {
  /** Like `list`, but throws `GatewayError` `review_unavailable` where what others decided cannot be read. */
  listSurely(traceId: string): Promise<ReviewDecision[]>;
  readonly step: PumpStep;
}

/**
 * Decisions of every gateway. Each is on this disk before `add` returns and goes to Redis afterwards; what others decided is
 * copied to this disk before every look, so that Redis holds nothing that a gateway has not. While Redis is away the look is
 * at what is known here.
 */
export function createSharedDecisions(options: SharedDecisionsOptions): SharedDecisions {
  const { local, onAdded } = options;
  const exchange = createExchange(options);
  let pulling: Promise<void> | undefined;
  /** Several looks at once take one. Its failure is counted by the connection. */
  const refresh = (): Promise<void> =>
    (pulling ??= exchange
      .pull()
      .catch(() => undefined)
      .finally(() => (pulling = undefined)));
  return {
    async add(decision) {
      await local.add(decision);
      onAdded();
    },
    async list(traceId) {
      await refresh();
      return local.list(traceId);
    },
    async listSurely(traceId) {
      await exchange.pull();
      return local.list(traceId);
    },
    async latest(traceId) {
      await refresh();
      return local.latest(traceId);
    },
    async count() {
      await refresh();
      return local.count();
    },
    async page(after, limit) {
      await refresh();
      return local.page(after, limit);
    },
    step: {
      name: "decisions",
      async run(epoch) {
        await exchange.push(epoch);
        await exchange.pull();
      },
    },
  };
}

/** The way to Redis and back. */
function createExchange({ redis, sealing, settings, local, log }: SharedDecisionsOptions) {
  const [logKey, idsKey] = [`${redis.prefix}:shared:decisions`, `${redis.prefix}:shared:decision-ids`];
  const contextOf = (id: string) => `shared decision ${id}`;
  const read = (name: string) => settings.get(name)?.split(" ") ?? [];

  async function send(decisions: readonly ReviewDecision[]): Promise<void> {
    const values = decisions.flatMap((one) => [one.id, sealing.seal(JSON.stringify(one), contextOf(one.id))]);
    await redis.attempt("decisions", (client) => client.eval(APPEND, 2, logKey, idsKey, ...values));
  }
  /** One that does not open is none of ours: it is passed over, and told of. */
  function open(fields: readonly string[]): ReviewDecision[] {
    const [, id = "", , sealed = ""] = fields;
    try {
      return [JSON.parse(sealing.open(sealed, contextOf(id))) as ReviewDecision];
    } catch (error) {
      log.error({ err: error }, "a decision in Redis was not written by a gateway with this key; it is passed over");
      return [];
    }
  }

  return {
    /** The whole log, others' decisions included, goes to another state of Redis. */
    async push(epoch: string): Promise<void> {
      const [knownEpoch, known] = read(SENT);
      // What was pulled from a state that is gone is pulled anew: its places mean nothing any more.
      if (knownEpoch !== epoch) settings.set(SEEN, "0-0");
      let place = knownEpoch === epoch ? Number(known) : 0;
      for (;;) {
        const page = await local.page(place, BATCH);
        // Decisions from before version 2 have no id; they stay where they are.
        const named = page.map(({ decision }) => decision).filter(({ id }) => id !== "");
        if (named.length > 0) await send(named);
        place = page.at(-1)?.sequence ?? place;
        if (page.length > 0 || knownEpoch !== epoch) settings.set(SENT, `${epoch} ${place}`);
        if (page.length < BATCH) return;
      }
    },
    async pull(): Promise<void> {
      for (;;) {
        const [place = "0-0"] = read(SEEN);
        const rows = await redis.attempt("decisions", (client) =>
          client.xrange(logKey, place === "0-0" ? "-" : `(${place}`, "+", "COUNT", BATCH),
        );
        if (rows.length === 0) return;
        local.addAll(rows.flatMap(([, fields]) => open(fields)));
        settings.set(SEEN, rows.at(-1)?.[0] ?? place);
        if (rows.length < BATCH) return;
      }
    },
  };
}

import type { Logger } from "../log.ts";
import { recordEvent, type EventParts } from "../review/audit-events.ts";
import { checkHeard, type HeardOverride } from "../review/overriding.ts";
import { createFirstTimes } from "../trace/first-times.ts";
import { createHearing } from "../trace/hearing.ts";
import type { Override, OverrideEnding } from "../trace/override-store.ts";
import type { PumpStep } from "../trace/pump.ts";
import type { OverrideNews, SharedOverrides } from "../trace/shared-overrides.ts";
import type { LocalStores } from "./local-stores.ts";

/** What telling and hearing of overrides works on. */
export interface OverrideExchangeParts extends EventParts {
  readonly local: Pick<LocalStores, "overrides" | "settings" | "gatewayId">;
  readonly shared: SharedOverrides;
  readonly log: Pick<Logger, "error" | "warn">;
}

const HEARD = "heard_overrides";

/**
 * Tells other gateways of the overrides of this one, of what it heard of, and of those that were ended, each once to every state
 * of Redis; and takes over what others tell. The brake reads the store, so that neither it nor a request waits for Redis.
 */
export function createOverrideExchange(parts: OverrideExchangeParts): PumpStep {
  const { local, shared, clock = Date.now } = parts;
  const take = createTaking(parts);
  const hear = createHearing({ settings: local.settings, name: HEARD, hear: shared.hear, take, clock });
  return {
    name: "overrides",
    async run(epoch) {
      await tellAll(parts, epoch);
      await hear(epoch);
    },
  };
}

async function tellAll({ local, shared, clock = Date.now }: OverrideExchangeParts, epoch: string): Promise<void> {
  const { overrides: store, gatewayId: gateway } = local;
  const active = store.list().filter(({ until }) => until > clock());
  const news: OverrideNews[] = [
    ...active.map((override) => ({ id: override.id, body: { override: { gateway, ...override } } })),
    ...store.endings().map((ending) => ({ id: `${ending.id}:ended`, body: { ending: { gateway, ...ending } } })),
  ];
  const told = store.told(epoch);
  const untold = news.filter(({ id }) => !told.has(id));
  if (untold.length === 0) return;
  await shared.tell(untold);
  store.setTold(
    epoch,
    news.map(({ id }) => id),
  );
}

/** Takes over what was heard, endings first. */
function createTaking(parts: OverrideExchangeParts): (items: readonly OverrideNews[]) => Promise<boolean> {
  const { clock = Date.now } = parts;
  const check = createCheck(parts, clock);
  return async (items) => {
    const heard = items.map(check);
    let isNews = false;
    for (const { ending } of heard) if (ending !== undefined && (await takeEnding(parts, ending))) isNews = true;
    for (const { override } of heard) if (override !== undefined && (await takeOver(parts, override))) isNews = true;
    return isNews;
  };
}

/** What does not pass, or is over, says nothing; the log tells of each once. */
function createCheck({ log }: OverrideExchangeParts, clock: () => number): (news: OverrideNews) => HeardOverride {
  const isFirst = createFirstTimes();
  return ({ id, body }) => {
    try {
      const heard = checkHeard(body, clock());
      return (heard.override ?? heard.ending ?? { until: 0 }).until > clock() ? heard : {};
    } catch (error) {
      if (isFirst(id))
        log.warn(
          { override: id, err: error },
          "an override of another gateway is not as one may be; it is passed over",
        );
      return {};
    }
  };
}

async function takeEnding(parts: OverrideExchangeParts, ending: OverrideEnding): Promise<boolean> {
  const { overrides: store } = parts.local;
  if (store.endings().some(({ id }) => id === ending.id)) return false;
  const ended = store.end(ending);
  if (ended === undefined) return true;
  const { id, detector, mode } = ended;
  const { actor, gateway = "" } = ending;
  await recordEvent(parts, { actor, event: "override_end_heard", detail: { id, detector, mode, gateway } });
  return true;
}

/** On record before it is in force, as where it was set. */
async function takeOver(
  { local, audit, clock = Date.now }: OverrideExchangeParts,
  override: Override,
): Promise<boolean> {
  const { overrides: store } = local;
  const { id, detector, mode, until, actor, reason, gateway = "" } = override;
  if ([...store.list(), ...store.endings()].some((known) => known.id === id)) return false;
  const detail = { id, detector, mode, until: new Date(until).toISOString(), reason, gateway };
  await audit.add({ at: clock(), actor, event: "override_heard", traceId: null, detail });
  return store.add(override);
}

import type { QueueConfig } from "../config/review-config.ts";
import type { ReviewHealth } from "../http/options.ts";
import type { Outbox } from "../trace/outbox.ts";
import type { Pump } from "../trace/pump.ts";
import type { Reach } from "./desk.ts";

/** What the health is read from. */
export interface HealthParts {
  readonly config: Pick<QueueConfig, "driver" | "outboxLimit" | "whenFull">;
  readonly outbox: Pick<Outbox, "waiting">;
  readonly pump: Pick<Pump, "status">;
  readonly reach: () => Reach;
}

/** Whether flagged traces get where they are reviewed, for the readiness probe. Names no address and no error text. */
export function readReviewHealth({ config, outbox, pump, reach }: HealthParts): ReviewHealth {
  const { reachable, since } = reach();
  const { failing, since: failingSince } = pump.status();
  const waiting = outbox.waiting();
  const moment = reachable ? failingSince : since;
  return {
    queue: config.driver,
    state: !reachable ? "unreachable" : failing ? "failing" : "fine",
    ...(moment === null || (reachable && !failing) ? {} : { since: new Date(moment).toISOString() }),
    outbox: { waiting, limit: config.outboxLimit },
    refuses: config.whenFull === "refuse" && waiting >= config.outboxLimit,
  };
}

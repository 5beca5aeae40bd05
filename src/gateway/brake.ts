import { loosenPolicy } from "../decide/override.ts";
import type { Policy } from "../decide/policy.ts";
import type { Logger } from "../log.ts";
import type { Override, OverrideStore } from "../trace/override-store.ts";
import type { AuditLog } from "../trace/stores.ts";

/** The overrides that are in force, kept up with what commands, the console and other gateways write. */
export interface Brake {
  /** The policy as it is in force now. */
  apply(policy: Policy): Policy;
  active(): Override[];
  /** Reads the store at once: something was changed here. */
  look(): void;
  close(): void;
}

/** What the brake is made of. */
export interface BrakeOptions {
  readonly store: OverrideStore;
  readonly audit: Pick<AuditLog, "add">;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** How often the store is read. */
  readonly everyMs?: number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * Reads the overrides every second. Requests that run keep the policy that they began under. A store that cannot be read changes
 * nothing: what was in force stays so until its time is over.
 */
export function createBrake(options: BrakeOptions): Brake {
  const { store, log, everyMs = 1_000, clock = Date.now } = options;
  let known: readonly Override[] = [];
  let isBroken = false;

  function read(): void {
    try {
      const now = clock();
      const found = store.list();
      const inForce = found.filter(({ until }) => until > now);
      tell(log, { before: known, after: inForce });
      known = inForce;
      takeOutExpired(
        options,
        found.filter(({ until }) => until <= now),
        now,
      );
      isBroken = false;
    } catch (error) {
      if (!isBroken) log.error({ err: error }, "the overrides cannot be read; those in force run out by themselves");
      isBroken = true;
    }
  }

  read();
  const timer = setInterval(read, everyMs).unref();
  const active = (): Override[] => {
    const now = clock();
    return known.filter(({ until }) => until > now);
  };
  return { active, look: read, apply: (policy) => loosenPolicy(policy, active()), close: () => clearInterval(timer) };
}

interface Change {
  readonly before: readonly Override[];
  readonly after: readonly Override[];
}

function tell(log: BrakeOptions["log"], { before, after }: Change): void {
  const isIn = (overrides: readonly Override[], id: string) => overrides.some((override) => override.id === id);
  for (const override of after) if (!isIn(before, override.id)) log.warn(factsOf(override), "an override is in force");
  for (const override of before) if (!isIn(after, override.id)) log.info(factsOf(override), "an override is over");
}

function factsOf({ id, detector, mode, until, actor }: Override) {
  return { override: id, detector, mode, until: new Date(until).toISOString(), actor };
}

/** Takes out what is over and notes it, once among all that look. */
function takeOutExpired({ store, audit, log }: BrakeOptions, expired: readonly Override[], at: number): void {
  for (const { id, detector, mode } of expired) {
    if (!store.remove(id)) continue;
    const detail = { id, detector, mode };
    audit
      .add({ at, actor: "lensgate", event: "override_expired", traceId: null, detail })
      .catch((error: unknown) => log.error({ err: error, override: id }, "the audit log could not be written"));
  }
}

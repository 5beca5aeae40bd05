import { randomBytes } from "node:crypto";
import type { OverrideMode } from "../decide/policy.ts";
import { GatewayError } from "../errors.ts";
import { suggestWord } from "../suggestion.ts";
import type { Override, OverrideEnding, OverrideStore } from "../trace/override-store.ts";
import type { AuditLog } from "../trace/stores.ts";
import { check, LONGEST_OVERRIDE_MINUTES, SCHEMAS } from "./requests.ts";

const MINUTE_MS = 60_000;
/** How long an override lasts, in milliseconds. */
export const [SHORTEST_OVERRIDE_MS, LONGEST_OVERRIDE_MS] = [MINUTE_MS, LONGEST_OVERRIDE_MINUTES * MINUTE_MS];
/** By how much the clock of another gateway may be ahead. */
const SKEW_MS = 300_000;

/** Where overrides are kept and noted. */
export interface OverridingParts {
  readonly store: OverrideStore;
  readonly audit: Pick<AuditLog, "add">;
  /** The detectors and combinations of the policies; without them any name is taken. */
  readonly names?: readonly string[] | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Who wants what loosened, how far, for how long and why. */
export interface OverrideWish extends Pick<Override, "detector" | "actor" | "reason"> {
  readonly mode: OverrideMode;
  /** Milliseconds, between the two bounds. */
  readonly lastsMs: number;
}

/** Sets an override, on record before it is in force. Throws `GatewayError` `invalid_request` that names what does not fit. */
export async function setOverride(parts: OverridingParts, wish: OverrideWish): Promise<Override> {
  const { store, audit, names, clock = Date.now } = parts;
  const { detector, mode, lastsMs } = wish;
  const { reason, reviewer: actor } = check(SCHEMAS.override, { reason: wish.reason, reviewer: wish.actor });
  if (detector !== null && names !== undefined) checkName(detector, names);
  const since = clock();
  const id = `ov_${randomBytes(8).toString("hex")}`;
  const made = { id, detector, mode, since, until: since + lastsMs, actor, reason };
  const detail = { id, detector, mode, until: new Date(made.until).toISOString(), reason };
  await audit.add({ at: since, actor, event: "override", traceId: null, detail });
  store.add(made);
  return made;
}

function checkName(detector: string, names: readonly string[]): void {
  if (names.includes(detector)) return;
  const message = `No policy runs "${detector}" (cure: ${suggestWord(detector, names)})`;
  throw new GatewayError("invalid_request", message, { param: "detector" });
}

/** Ends overrides before their time, for a person, and answers with them. */
export async function endOverrides(
  { store, audit, clock = Date.now }: OverridingParts,
  { isMeant, reviewer }: { readonly isMeant: (override: Override) => boolean; readonly reviewer: string },
): Promise<Override[]> {
  const { reviewer: actor } = check(SCHEMAS.actor, { reviewer });
  const at = clock();
  const meant = store.list().filter(isMeant);
  const ended = meant.flatMap(({ id, until }) => store.end({ id, until, actor, at }) ?? []);
  for (const { id, detector, mode } of ended)
    await audit.add({ at, actor, event: "override_ended", traceId: null, detail: { id, detector, mode } });
  return ended;
}

/** What another gateway told: one of the two. */
export interface HeardOverride {
  readonly override?: Override;
  readonly ending?: OverrideEnding;
}

/** Checks what another gateway told as a command of this one would be checked. Throws `GatewayError` `invalid_request`. */
export function checkHeard(body: unknown, now: number): HeardOverride {
  const { override, ending } = check(SCHEMAS.heard, body);
  const latest = now + LONGEST_OVERRIDE_MS + SKEW_MS;
  for (const told of [override, ending]) if (told !== undefined && told.until > latest) throw tooLong();
  if (override !== undefined && override.until - override.since > LONGEST_OVERRIDE_MS) throw tooLong();
  return { ...(override === undefined ? {} : { override }), ...(ending === undefined ? {} : { ending }) };
}

function tooLong(): GatewayError {
  return new GatewayError("invalid_request", "It lasts longer than seven days.", { param: "until" });
}

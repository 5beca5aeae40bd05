import { now, postClaim, postHeartbeat, postRelease, releaseOnLeaving } from "./api.js";

const TICK_MS = 1_000;
const WARN_MS = 60_000;

/**
 * Holds at most one claim and keeps it alive while its reviewer is active: a claim of someone who has left runs out.
 * `on`: `onTick(claim, left)` every second, `onWarn()` once in the last minute, `onLost(claim, message)` when it ended.
 */
export function createClaims(on) {
  const own = { on, claim: undefined, active: 0, beating: false, warned: false };
  const touch = () => {
    own.active = Date.now();
  };
  for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"])
    document.addEventListener(name, touch, { passive: true, capture: true });
  addEventListener("pagehide", () => {
    if (own.claim !== undefined) releaseOnLeaving(own.claim.traceId, own.claim.token);
    own.claim = undefined;
  });
  setInterval(() => tick(own), TICK_MS);
  return {
    current: () => own.claim,
    of: (traceId) => (own.claim?.traceId === traceId ? own.claim : undefined),
    /** Claims, and gives back what was held before; undefined when there is nothing to have. */
    async take(wanted) {
      await release(own);
      const { claim } = await postClaim(wanted);
      if (claim === null) return undefined;
      Object.assign(own, { claim: { ...claim, ...span(claim.leaseUntil) }, warned: false });
      return own.claim;
    },
    release: () => release(own),
    /** The claim ended with a verdict. */
    forget() {
      own.claim = undefined;
    },
  };
}

const span = (leaseUntil) => ({ leaseUntil, leaseMs: Math.max(1, leaseUntil - now()), since: Date.now() });

// Only a refusal ends a claim; a gateway out of reach may answer again in time.
const isOver = (error) => error.code === "conflict" || error.code === "not_found";

function tick(own) {
  const { claim, on } = own;
  if (claim === undefined) return;
  const left = claim.leaseUntil - now();
  if (left <= 0) {
    lose(own, claim, "Your claim ran out; the item waits again.");
    return;
  }
  on.onTick(claim, left);
  if (own.active > claim.since && left < claim.leaseMs * 0.6 && !own.beating) void beat(own, claim);
  if (left < Math.min(WARN_MS, claim.leaseMs / 3) && !own.warned) {
    own.warned = true;
    on.onWarn();
  }
}

async function beat(own, claim) {
  own.beating = true;
  try {
    const { leaseUntil } = await postHeartbeat(claim.traceId, claim.token);
    Object.assign(claim, span(leaseUntil));
    own.warned = false;
  } catch (error) {
    if (isOver(error)) lose(own, claim, error.message);
  } finally {
    own.beating = false;
  }
}

function lose(own, claim, message) {
  if (own.claim !== claim) return;
  own.claim = undefined;
  own.on.onLost(claim, message);
}

async function release(own) {
  const { claim } = own;
  own.claim = undefined;
  if (claim === undefined) return;
  await postRelease(claim.traceId, claim.token).catch((error) => {
    if (!isOver(error)) throw error;
  });
}

/** `4:05`. */
export function clockText(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

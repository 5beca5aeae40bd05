import { createHash, timingSafeEqual } from "node:crypto";
import { GatewayError } from "../errors.ts";
import type { AuthDecision, ServingObserver } from "./observer.ts";
import type { ApiKey } from "./options.ts";

/** Says whose key a request carries; undefined when there are no keys at all. Throws `GatewayError` `invalid_api_key`. */
export type Authenticate = (authorization: string | undefined) => ApiKey | undefined;

/** What deciding needs; `clock` is milliseconds since 1970. */
export interface AuthenticatorParts {
  readonly keys: readonly ApiKey[];
  readonly observer: Pick<ServingObserver, "authDecided">;
  readonly clock: () => number;
}

/** Bearer keys, compared by sha256 in constant time. The caller is not told which of its faults a key has. */
export function createAuthenticator({ keys, observer, clock }: AuthenticatorParts): Authenticate {
  const known = keys.map((key) => ({ key, digest: Buffer.from(key.sha256, "hex") }));

  function decide(authorization: string | undefined): { key?: ApiKey; decision: AuthDecision } {
    if (known.length === 0) return { decision: { result: "allow", reason: "open" } };
    const presented = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(authorization ?? "")?.[1];
    if (presented === undefined) return { decision: { result: "deny", reason: "missing" } };
    const digest = createHash("sha256").update(presented).digest();
    // Every key is compared, also after a match, so that time says nothing of which one it was.
    const [match] = known.filter(
      (each) => each.digest.length === digest.length && timingSafeEqual(each.digest, digest),
    );
    if (!match) return { decision: { result: "deny", reason: "unknown" } };
    const { key } = match;
    if (key.disabled === true) return { decision: { result: "deny", reason: "disabled" } };
    if (key.expiresAt !== undefined && clock() >= key.expiresAt) {
      return { decision: { result: "deny", reason: "expired" } };
    }
    return { key, decision: { result: "allow", reason: "key" } };
  }

  return (authorization) => {
    const { key, decision } = decide(authorization);
    observer.authDecided(decision);
    if (decision.result === "deny") throw new GatewayError("invalid_api_key");
    return key;
  };
}

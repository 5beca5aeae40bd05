import { isAtLeastAsStrict } from "../decide/policy-order.ts";
import type { Policy } from "../decide/policy.ts";
import { GatewayError } from "../errors.ts";
import type { ApiKey, DetectorFacts } from "./options.ts";

const HEADER = "x-oversight-policy";

/** What choosing needs. */
export interface PolicyParts {
  readonly policies: Readonly<Record<string, Policy>>;
  readonly defaultPolicy: string;
  readonly detectors: readonly Pick<DetectorFacts, "id" | "positions">[];
}

/** The policy of a request: the key's or the default, or a stricter one that the request names. Throws `GatewayError`. */
export function choosePolicy(parts: PolicyParts, key: ApiKey | undefined, named: string | undefined): Policy {
  const baseName = key?.policy ?? parts.defaultPolicy;
  const base = find(parts, baseName);
  if (!base) throw new GatewayError("internal_error", undefined, { cause: new Error(`no policy ${baseName}`) });
  if (named === undefined || named === base.name) return base;
  if (key && !key.mayTighten) {
    throw new GatewayError("policy_not_allowed", "This key may not choose a policy.", { param: HEADER });
  }
  const policy = find(parts, named);
  if (!policy) throw new GatewayError("invalid_request", "There is no policy of this name.", { param: HEADER });
  const own = Object.fromEntries(parts.detectors.map(({ id, positions }) => [id, positions]));
  if (!isAtLeastAsStrict(policy, base, own)) {
    const message = `The policy '${policy.name}' is not as strict as '${base.name}'; a request may tighten, never loosen.`;
    throw new GatewayError("policy_not_allowed", message, { param: HEADER });
  }
  return policy;
}

/** How tokens leave under a policy: after they were judged, after a look-back window, or unhindered. */
export function releaseModeOf({ mode, holdTokens }: Policy): "gate" | "window" | "observe" {
  if (mode === "monitor") return "observe";
  return holdTokens > 1 ? "window" : "gate";
}

function find({ policies }: PolicyParts, name: string): Policy | undefined {
  return Object.hasOwn(policies, name) ? policies[name] : undefined;
}

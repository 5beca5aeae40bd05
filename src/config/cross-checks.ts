import { suggestWord } from "../suggestion.ts";
import type { YamlFault } from "../yaml-document.ts";
import { findPrivacyFaults } from "./privacy-config.ts";
import type { GatewayFile } from "./schema.ts";

/** What no single field can know: names that must exist, and settings that do not go together. */
export function findCrossFaults(file: GatewayFile): YamlFault[] {
  return [
    ...findUnknownPolicies(file),
    ...findKeyRepeats(file),
    ...findExposure(file),
    ...findEngineFaults(file),
    ...findReviewerFaults(file),
    ...findPrivacyFaults(file.privacy),
  ];
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function findUnknownPolicies(file: GatewayFile): YamlFault[] {
  const names = Object.keys(file.policies);
  const named: [PropertyKey[], string][] = [[["default_policy"], file.default_policy]];
  file.keys.forEach((key, index) => {
    if (key.policy !== undefined) named.push([["keys", index, "policy"], key.policy]);
  });
  return named
    .filter(([, policy]) => !names.includes(policy))
    .map(([path, policy]) => ({ path, message: `there is no policy "${policy}"`, cure: suggestWord(policy, names) }));
}

function findKeyRepeats({ keys }: GatewayFile): YamlFault[] {
  return keys.flatMap((key, index) =>
    (["id", "sha256"] as const)
      .filter((field) => keys.findIndex((other) => other[field] === key[field]) < index)
      .map((field) => ({
        path: ["keys", index, field],
        message: `another key has the same ${field}`,
        cure: "remove one of the two",
      })),
  );
}

function findReviewerFaults({ review: { reviewers } }: GatewayFile): YamlFault[] {
  const repeats = reviewers.flatMap(({ name }, index) =>
    reviewers.findIndex((other) => other.name === name) === index
      ? []
      : [
          {
            path: ["review", "reviewers", index, "name"],
            message: "another reviewer has the same name",
            cure: "remove one of the two",
          },
        ],
  );
  if (reviewers.length === 0 || reviewers.some(({ role }) => role === "lead")) return repeats;
  const message = "nobody is a lead, so nobody could decide what is escalated or set a threshold";
  return [...repeats, { path: ["review", "reviewers"], message, cure: "give one reviewer role: lead" }];
}

function findExposure({ api, console, keys, review }: GatewayFile): YamlFault[] {
  const faults: YamlFault[] = [];
  if (keys.length === 0 && !isLoopback(api.host)) {
    const cure = "add a key under keys, or write host: 127.0.0.1";
    faults.push({ path: ["api", "host"], message: `${api.host} is open to others while there are no keys`, cure });
  }
  if (!isLoopback(console.host) && review.reviewers.length === 0) {
    const message = `${console.host} is open to others, and without reviewers any name may log in`;
    const cure = "add people under review.reviewers, or write host: 127.0.0.1";
    faults.push({ path: ["console", "host"], message, cure });
  }
  if (api.port !== 0 && api.port === console.port) {
    const message = `api and console both listen on port ${api.port}`;
    faults.push({ path: ["console", "port"], message, cure: "give them two ports" });
  }
  return faults;
}

function findEngineFaults({ engine }: GatewayFile): YamlFault[] {
  if (engine.prefill_chunk_tokens <= engine.context_tokens) return [];
  const message = `is larger than context_tokens (${engine.context_tokens})`;
  return [{ path: ["engine", "prefill_chunk_tokens"], message, cure: "make it at most context_tokens" }];
}

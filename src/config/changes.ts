import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config.ts";
import type { Problem } from "../errors.ts";

type Fields = Readonly<Record<string, (config: Config) => unknown>>;

/** What a running gateway takes on, by field of `gateway.yaml`; a name stands for everything below it. */
export const RELOADABLE: Fields = {
  detectors: ({ detectorsFolder }) => detectorsFolder,
  default_policy: ({ defaultPolicy }) => defaultPolicy,
  policies: ({ policies }) => policies,
  keys: ({ keys }) => keys,
  keys_file: ({ keysFile }) => keysFile,
  default_limits: ({ defaultLimits }) => defaultLimits,
  limits: ({ limits }) => limits,
  timeouts: ({ timeouts }) => timeouts,
  "api.allowed_hosts": ({ api }) => api.allowedHosts,
  "api.allowed_origins": ({ api }) => api.allowedOrigins,
  "console.allowed_hosts": ({ console }) => console.allowedHosts,
  "console.allowed_origins": ({ console }) => console.allowedOrigins,
  "review.reviewers": ({ review }) => review.reviewers,
  retention: ({ retention }) => retention,
  canaries: ({ canaries }) => canaries,
  reload: ({ reload }) => reload,
};

/** What only a start takes on. */
export const NEEDS_RESTART: Fields = {
  model: ({ model }) => model.folder,
  precision: ({ precision }) => precision,
  "engine.slots": ({ engine }) => engine.slots,
  "engine.context_tokens": ({ engine }) => engine.contextTokens,
  "engine.prefill_chunk_tokens": ({ engine }) => engine.prefillChunkTokens,
  "engine.waiting_limit": ({ engine }) => engine.waitingLimit,
  "engine.threads": ({ engine }) => engine.threads,
  "api.host": ({ api }) => api.host,
  "api.port": ({ api }) => api.port,
  "console.host": ({ console }) => console.host,
  "console.port": ({ console }) => console.port,
  kinds: ({ kindModules }) => kindModules,
  "queue.driver": ({ queue }) => queue.driver,
  "queue.redis.url": ({ queue }) => queue.redis.url,
  "queue.redis.prefix": ({ queue }) => queue.redis.prefix,
  "queue.redis.score_rows": ({ queue }) => queue.redis.scoreRows,
  "queue.outbox_limit": ({ queue }) => queue.outboxLimit,
  "queue.when_full": ({ queue }) => queue.whenFull,
  "review.session_hours": ({ review }) => review.sessionMs,
  "review.lease_ms": ({ review }) => review.leaseMs,
  "review.second_opinion": ({ review }) => review.secondOpinion,
  "review.blind": ({ review }) => review.blind,
  "review.new_items_per_minute": ({ review }) => review.newItemsPerMinute,
  "review.sample.clear": ({ review }) => review.sample.clear,
  "review.sample.near": ({ review }) => review.sample.near,
  "review.sample.near_share": ({ review }) => review.sample.nearShare,
  "enrichment.enabled": ({ enrichment }) => enrichment.enabled,
  "enrichment.threads": ({ enrichment }) => enrichment.threads,
  "enrichment.idle_exit_ms": ({ enrichment }) => enrichment.idleExitMs,
  "enrichment.busy_wait_ms": ({ enrichment }) => enrichment.busyWaitMs,
  privacy: ({ privacy }) => privacy,
  state_dir: ({ stateDir }) => stateDir,
  cache_dir: ({ cacheDir }) => cacheDir,
};

/** Which fields of a table two configurations differ in. */
export function changedFields(fields: Fields, before: Config, after: Config): string[] {
  return Object.entries(fields)
    .filter(([, read]) => !isDeepStrictEqual(read(before), read(after)))
    .map(([name]) => name);
}

/** One problem for each difference that a running gateway cannot take on. */
export function findRestartProblems(before: Config, after: Config): Problem[] {
  return changedFields(NEEDS_RESTART, before, after).map((field) => ({
    file: after.file,
    field,
    message: "needs a restart",
    cure: "restart the gateway, or put the value back",
  }));
}

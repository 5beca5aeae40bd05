import { expect, test } from "vitest";
import { changedFields, findRestartProblems, NEEDS_RESTART, RELOADABLE } from "../../src/config/changes.ts";
import { loadConfig } from "../../src/config.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

function configOf(fields: object) {
  const { path, remove } = writeLiveConfig({ detectors: {}, policies: {}, fields: { state_dir: "/s", ...fields } });
  const config = loadConfig({ path, environment: {} });
  remove();
  return { ...config, detectorsFolder: "/d" };
}

test("what only a start takes on is named, field by field", () => {
  const before = configOf({});
  const after = configOf({
    engine: { slots: 2, threads: 1 },
    api: { port: 8_443 },
    queue: { redis: { prefix: "other" } },
    review: { session_hours: 1, sample: { near_share: 0.5 } },
    privacy: { drop_roles: ["system"] },
    state_dir: "/t",
  });
  expect(findRestartProblems(before, after).map(({ field }) => field)).toEqual([
    "engine.slots",
    "engine.threads",
    "api.port",
    "queue.redis.prefix",
    "review.session_hours",
    "review.sample.near_share",
    "privacy",
    "state_dir",
  ]);
  expect(findRestartProblems(before, after)[0]).toEqual({
    file: after.file,
    field: "engine.slots",
    message: "needs a restart",
    cure: "restart the gateway, or put the value back",
  });
});

test("everything else may change", () => {
  const before = configOf({});
  const sha256 = "ab".repeat(32);
  const after = configOf({
    keys: [{ id: "one", sha256 }],
    default_limits: { concurrent: 3 },
    limits: { max_stop: 1 },
    timeouts: { drain_ms: 1 },
    api: { port: 0, allowed_hosts: ["gate.example"] },
    console: { port: 0, allowed_origins: ["https://gate.example"] },
    review: {
      reviewers: [{ name: "lea", role: "lead", password: `scrypt$1$1$1$${"a".repeat(22)}$${"b".repeat(43)}` }],
    },
    retention: { traces_max: 5 },
    canaries: { every_minutes: 1 },
    reload: { poll_ms: 0 },
  });
  expect(findRestartProblems(before, after)).toEqual([]);
  expect(changedFields(RELOADABLE, before, after)).toEqual([
    "keys",
    "default_limits",
    "limits",
    "timeouts",
    "api.allowed_hosts",
    "console.allowed_origins",
    "review.reviewers",
    "retention",
    "canaries",
    "reload",
  ]);
});

test("no field is in both tables", () => {
  expect(Object.keys(RELOADABLE).filter((name) => Object.hasOwn(NEEDS_RESTART, name))).toEqual([]);
});

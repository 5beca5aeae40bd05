import { expect, test } from "vitest";
import { checkHeard, endOverrides, LONGEST_OVERRIDE_MS, setOverride } from "../../src/review/overriding.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createOverrideStore } from "../../src/trace/override-store.ts";
import { temporaryFolder } from "../support/folder.ts";

const NOW = 1_000_000_000_000;
const HOUR_MS = 3_600_000;

function setUp() {
  const database = openDatabase({ folder: temporaryFolder() });
  const clock = () => NOW;
  return { store: createOverrideStore(database, clock), audit: createAuditLog(database), names: ["sea", "sky"], clock };
}
const wish = { detector: "sea", mode: "monitor", lastsMs: HOUR_MS, reason: " a night ", actor: "ada" } as const;

test("one that is set is on record and kept, and ended by another person", async () => {
  const parts = setUp();
  const made = await setOverride(parts, wish);
  expect(made).toEqual({
    id: expect.stringMatching(/^ov_[0-9a-f]{16}$/),
    detector: "sea",
    mode: "monitor",
    since: NOW,
    until: NOW + HOUR_MS,
    actor: "ada",
    reason: "a night",
  });
  expect(parts.store.list()).toEqual([made]);
  const isMeant = ({ id }: { id: string }) => id === made.id;
  expect(await endOverrides(parts, { isMeant, reviewer: "bo" })).toEqual([made]);
  expect(await endOverrides(parts, { isMeant, reviewer: "bo" })).toEqual([]);
  expect(parts.store.endings()).toEqual([{ id: made.id, until: made.until, actor: "bo", at: NOW }]);
  const entries = (await parts.audit.list({ limit: 9 })).map(({ entry: { actor, event } }) => `${actor} ${event}`);
  expect(entries).toEqual(["bo override_ended", "ada override"]);
});

test("what is not on record is not in force", async () => {
  const parts = setUp();
  const audit = { add: () => Promise.reject(new Error("disk full")) };
  await expect(setOverride({ ...parts, audit }, wish)).rejects.toThrow("disk full");
  expect(parts.store.list()).toEqual([]);
});

test.each([
  [{ detector: "see" }, 'did you mean "sea"?'],
  [{ reason: " " }, "say why"],
  [{ reason: "x".repeat(501) }, "reason"],
  [{ actor: "a\u202eda" }, "do not show"],
])("is refused: %j", async (change, says) => {
  const parts = setUp();
  await expect(setOverride(parts, { ...wish, ...change })).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining(says),
  });
  expect(await parts.audit.list({ limit: 9 })).toEqual([]);
});

const ID = `ov_${"0".repeat(16)}`;
const told = { id: ID, until: NOW + HOUR_MS, actor: "ada", gateway: "f".repeat(16) };
const override = { ...told, detector: null, mode: "observe", since: NOW, reason: "a night" };

test("what another gateway tells is taken as it is, without what a newer one may add", () => {
  expect(checkHeard({ override: { ...override, colour: "red" } }, NOW)).toEqual({ override });
  expect(checkHeard({ ending: { ...told, at: NOW }, also: 1 }, NOW)).toEqual({ ending: { ...told, at: NOW } });
  // Its clock is ahead by a minute.
  const week = { ...override, since: NOW + 60_000, until: NOW + 60_000 + LONGEST_OVERRIDE_MS };
  expect(checkHeard({ override: week }, NOW)).toEqual({ override: week });
});

test.each([
  [{ override: { ...override, since: NOW - 1, until: NOW + LONGEST_OVERRIDE_MS } }, "seven days"],
  [
    { override: { ...override, since: NOW + 8 * HOUR_MS, until: NOW + 8 * HOUR_MS + LONGEST_OVERRIDE_MS } },
    "seven days",
  ],
  [{ override: { ...override, until: 9e15 } }, "seven days"],
  [{ override: { ...override, until: Number.MAX_VALUE } }, "override.until"],
  [{ override: { ...override, mode: "off" } }, "override.mode"],
  [{ override: { ...override, id: "ov_1" } }, "override.id"],
  [{ override: { ...override, reason: "a\u202eb" } }, "override.reason"],
  [{ override: { ...override, detector: "" } }, "override.detector"],
  [{ override: { ...override, actor: "x".repeat(101) } }, "override.actor"],
  [{ override: { ...override, gateway: "<b>" } }, "override.gateway"],
  [{ ending: { ...told, at: NOW, until: NOW + 8 * LONGEST_OVERRIDE_MS } }, "seven days"],
  [{ ending: told }, "ending.at"],
  [[], "The request"],
  [null, "The request"],
])("what no command could have set is refused: %j", (body, says) => {
  expect(() => checkHeard(body, NOW)).toThrow(
    expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(says) }),
  );
});

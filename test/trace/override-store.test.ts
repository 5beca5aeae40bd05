import { expect, it } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createOverrideStore, type Override } from "../../src/trace/override-store.ts";
import { temporaryFolder } from "../support/folder.ts";

const made = (id: string): Override => ({
  id,
  detector: "sea",
  mode: "monitor",
  since: 1,
  until: 2,
  actor: "ada",
  reason: "a \u0000 night",
});

it("keeps overrides on disk for every process, oldest first", () => {
  const folder = temporaryFolder();
  const [one, other] = [createOverrideStore(openDatabase({ folder })), createOverrideStore(openDatabase({ folder }))];
  expect(one.list()).toEqual([]);
  one.add(made("ov_1"));
  other.add({ ...made("ov_2"), detector: null });
  expect(one.list()).toEqual([made("ov_1"), { ...made("ov_2"), detector: null }]);
});

it("tells one of several that it took an override out", () => {
  const folder = temporaryFolder();
  const [one, other] = [createOverrideStore(openDatabase({ folder })), createOverrideStore(openDatabase({ folder }))];
  one.add(made("ov_1"));
  expect([one.remove("ov_1"), other.remove("ov_1"), one.remove("ov_9")]).toEqual([true, false, false]);
  expect(other.list()).toEqual([]);
});

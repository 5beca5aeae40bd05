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

it("does not take in one that was ended, from whatever copy it comes, until its time is over", () => {
  let now = 10;
  const database = openDatabase({ folder: temporaryFolder() });
  const store = createOverrideStore(database, () => now);
  const ov = { ...made("ov_1"), until: 100 };
  const ending = { id: "ov_1", until: 100, at: 10, actor: "bo" };
  expect([store.add(ov), store.add(ov)]).toEqual([true, false]);
  expect(store.end(ending)).toEqual(ov);
  expect(store.end(ending)).toBeUndefined();
  expect(store.add(ov)).toBe(false);
  expect([store.list(), store.endings()]).toEqual([[], [ending]]);
  // The end of one that comes later than its end.
  expect(store.end({ ...ending, id: "ov_2" })).toBeUndefined();
  expect(store.add({ ...ov, id: "ov_2" })).toBe(false);
  now = 100;
  expect(store.endings()).toEqual([]);
  store.end({ ...ending, id: "ov_3", until: 200 });
  expect(store.endings().map(({ id }) => id)).toEqual(["ov_3"]);
});

it("remembers what one state of the other side was told", () => {
  const store = createOverrideStore(openDatabase({ folder: temporaryFolder() }));
  expect(store.told("a").size).toBe(0);
  store.setTold("a", ["ov_1", "ov_1:ended"]);
  expect([...store.told("a")]).toEqual(["ov_1", "ov_1:ended"]);
  expect(store.told("b").size).toBe(0);
});

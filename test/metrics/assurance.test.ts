import { expect, test } from "vitest";
import { createAssuranceReaders, type AssuranceSources } from "../../src/metrics/assurance.ts";

/** What the readers set, by series and labels. */
function read(sources: AssuranceSources, distances: [string, number][] = [], gone = ""): Record<string, number> {
  const values: Record<string, number> = {};
  if (gone !== "") values[`canarySuccess ${gone}`] = 0;
  const readers = createAssuranceReaders(
    {
      detectors: ["sea", "sky"],
      isLoaded: (detector) => detector !== gone,
      drift: { distances: () => new Map(distances) },
      remove: (key, labels) => void delete values[[key, ...Object.values(labels)].join(" ")],
    },
    sources,
    (key, labels, value) => {
      values[[key, ...Object.values(labels)].join(" ")] = value;
    },
  );
  for (const reader of Object.values(readers)) reader();
  return values;
}

test("a canary that held is 1, one that failed 0, and what is not known is no number", () => {
  const state = (results: [string, boolean][]) => ({ results: new Map(results), lastRunAt: 5_000 });
  expect(read({ canaries: { everyMs: 900_000, state: () => state([["sea", true]]) } })).toMatchObject({
    canaryInterval: 900,
    canaryLastRun: 5,
    "canarySuccess sea": 1,
    "canarySuccess sky": NaN,
  });
  expect(read({ canaries: { everyMs: 0, state: () => state([["sky", false]]) } })).toMatchObject({
    "canarySuccess sky": 0,
  });
});

test("a detector that is loaded no more has no canary, whatever its last one said", () => {
  const state = () => ({ results: new Map([["sky", false]]), lastRunAt: 5_000 });
  const values = read({ canaries: { everyMs: 900_000, state } }, [], "sky");
  expect(Object.keys(values)).toContain("canarySuccess sea");
  expect(Object.keys(values)).not.toContain("canarySuccess sky");
});

test("nothing is set where nothing is looked up", () => {
  expect(Object.keys(read({})).filter((name) => !name.startsWith("scoreDrift"))).toEqual([]);
});

test("drift is set for the detectors that are compared, and is no number for others", () => {
  expect(read({}, [["sea", 0.25]])).toEqual({ "scoreDrift sea": 0.25, "scoreDrift sky": NaN });
});

test("an override is 1 at its detector or at all of them, and 0 when it is over", () => {
  const active = [
    { detector: "sea", mode: "monitor" },
    { detector: null, mode: "observe" },
  ] as const;
  expect(read({ overrides: () => active })).toMatchObject({
    "overrideActive sea monitor": 1,
    "overrideActive sea observe": 0,
    "overrideActive sky monitor": 0,
    "overrideActive sky observe": 0,
    "overrideActive (all) monitor": 0,
    "overrideActive (all) observe": 1,
  });
});

test("a detector that held the engine up is 1 for as long as it is left out", () => {
  expect(read({ stuck: () => ["sky"] })).toMatchObject({ "detectorStuck sea": 0, "detectorStuck sky": 1 });
  expect(read({ stuck: () => [] })).toMatchObject({ "detectorStuck sky": 0 });
});

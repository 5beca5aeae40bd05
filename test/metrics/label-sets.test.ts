import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { callLabels, everyLabelSet, REDIS_OPERATIONS, UNRESOLVED_MODEL } from "../../src/metrics/label-sets.ts";
import { SERIES, type SeriesKey } from "../../src/metrics/series.ts";

const sets = everyLabelSet({ models: ["m"], detectors: ["a", "b"], policies: ["p", "q"], queue: "embedded" });

test("each combination has exactly the labels of its series, once", () => {
  for (const [key, combinations = []] of Object.entries(sets)) {
    const { labels } = SERIES[key as SeriesKey];
    for (const combination of combinations) expect(Object.keys(combination).sort(), key).toEqual([...labels].sort());
    expect(new Set(combinations.map((each) => JSON.stringify(each))).size, key).toBe(combinations.length);
  }
});

test("every labelled series has combinations, but those that say what runs", () => {
  const labelled = Object.entries(SERIES).filter(([, { labels }]) => labels.length > 0);
  expect(labelled.map(([key]) => key).filter((key) => !(key in sets))).toEqual(["buildInfo", "configHash"]);
});

test("detectors meet policies, and every error code is a reason", () => {
  expect(sets.aborts).toEqual([
    { detector: "a", policy: "p" },
    { detector: "a", policy: "q" },
    { detector: "b", policy: "p" },
    { detector: "b", policy: "q" },
  ]);
  expect(sets.rejections?.map(({ reason }) => reason)).toEqual(Object.keys(ERRORS));
});

test("an unknown model has a place in the duration alone", () => {
  const models = (key: SeriesKey) => new Set(sets[key]?.map((labels) => labels["gen_ai_request_model"]));
  expect(models("requestDuration")).toEqual(new Set(["m", UNRESOLVED_MODEL]));
  expect(models("firstToken")).toEqual(new Set(["m"]));
  expect(callLabels("chat", "m")["gen_ai_provider_name"]).toBe("lensgate");
});

test("every call to Redis that the sources name has its series", () => {
  const sources = ["src/trace", "src/queue"].flatMap((folder) =>
    readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, "utf8")),
  );
  const named = sources.flatMap((text) =>
    [...text.matchAll(/\b(?:attempt|giveBack)\("([a-z-]+)"/g)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !REDIS_OPERATIONS.some((known) => known === name))).toEqual([]);
});

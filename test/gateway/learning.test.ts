import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { createLearning, createSampling } from "../../src/gateway/learning.ts";
import type { LearningParts } from "../../src/gateway/learning.ts";
import { sampleDecision, sampleScoreRow, traceId } from "../conformance/samples.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { openRig } from "./records-rig.ts";

const DETECTORS = [{ id: "country-channel", threshold: 5 }] as unknown as ReturnType<
  LearningParts["current"]
>["detectors"];

function currentOf(review: object): LearningParts["current"] {
  const { path, remove } = writeLiveConfig({ detectors: {}, policies: {}, fields: { review } });
  const config = loadConfig({ path, environment: {} });
  remove();
  return () => ({ config, detectors: DETECTORS });
}

const [score] = sampleScoreRow().scores;
const ended = {
  policy: "open",
  reason: "stop",
  flagged: false,
  scores: [{ ...score, detector: "country-channel", score: 1 }],
} as never;

test("nothing is drawn before the replies of before are known, and then what the configuration says", async () => {
  const { records } = openRig();
  const sampling = createSampling(currentOf({ sample: { clear: 1, near: 1 } }));
  expect(sampling.draw(ended)).toBeUndefined();
  await sampling.remember(records.local.scores);
  expect(sampling.draw(ended)?.sample).toMatchObject({
    detector: "country-channel",
    threshold: 5,
    score: 1,
    stratum: "clear",
    probability: 1,
  });
  const quiet = createSampling(currentOf({}));
  await quiet.remember(records.local.scores);
  expect(quiet.draw(ended)).toBeUndefined();
});

test("statistics and recall are of the score log and the verdicts of the desk", async () => {
  const { records } = openRig();
  const now = Date.now();
  const fired = { ...score, detector: "country-channel", score: 6, fired: true } as never;
  await records.local.scores.add(
    sampleScoreRow(1, { createdAt: now, flagged: true, scores: [fired], traceId: traceId(1) }),
  );
  await records.decisions.add(sampleDecision(1, { verdict: "true_positive", decidedAt: now }));
  const model = { facts: {}, tokenizer: {}, lensHashes: {}, background: {} } as LearningParts["model"];
  const learning = createLearning({ current: currentOf({}), model, kinds: new Map(), records });
  const [country] = (await learning.statistics()).perDetector;
  expect(country).toMatchObject({ detector: "country-channel", flagged: 1, reviewed: 1 });
  expect((await learning.recall()).map(({ detector }) => detector)).toEqual(["country-channel"]);
  expect(await learning.proposals.list(0.001)).toMatchObject([
    { detector: "country-channel", current: 5, proposed: null },
  ]);
});

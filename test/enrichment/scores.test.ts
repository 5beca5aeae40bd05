import { beforeEach, describe, expect, it } from "vitest";
import type { LivePosition } from "../../src/engine/engine.ts";
import type { ReaderSettings } from "../../src/enrichment/reader-settings.ts";
import { planReread, type RereadPlan } from "../../src/enrichment/reread-plan.ts";
import { compareScores } from "../../src/enrichment/scores.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { TINY_PROMPTS, tinySettings, tinyTrace } from "../support/tiny-reader.ts";

let settings: ReaderSettings;
let trace: Trace;
let plan: RereadPlan;
beforeEach(async () => {
  const tiny = await tinySettings();
  settings = tiny.again;
  trace = await tinyTrace(tiny);
  plan = planReread(trace, settings, TINY_PROMPTS);
});

const scoresAt = (position: number, ...scores: (number | null)[]): LivePosition => ({
  position,
  token: 0,
  text: "",
  scores,
});

describe("comparing scores", () => {
  it("sets every firing beside the re-read's score, and says whether that fires too", () => {
    const [first] = trace.evidence;
    const live = first?.finding.verdict === "fired" ? first.finding.score : NaN;
    const rows = compareScores(plan, [scoresAt(31, live + 1, null), scoresAt(39, 0, -200)], settings);
    expect(rows.map(({ detector, position, reproduced }) => [detector, position, reproduced])).toEqual([
      ["concept", 31, true],
      ["probe", 39, false],
    ]);
    expect(rows[0]).toMatchObject({ live, score: live + 1, threshold: -100 });
    expect(rows[0]?.difference).toBeCloseTo(1, 6);
  });

  it("calls a firing not reproduced where the re-read has no score or another definition is loaded", () => {
    expect(compareScores(plan, [], settings)[0]).toMatchObject({ score: null, difference: null, reproduced: false });
    const head = { ...trace.head, detectorHashes: { concept: trace.head.detectorHashes["concept"] ?? "" } };
    const rows = compareScores({ ...plan, trace: { ...trace, head } }, [scoresAt(39, 0, 5)], settings);
    expect(rows[1]).toMatchObject({ detector: "probe", score: null, reproduced: false });
  });

  it("adds the detectors beside the first firing, which did not fire", () => {
    const [, second] = trace.evidence;
    if (!second) throw new Error("the probe did not fire");
    const only = { ...plan, trace: { ...trace, evidence: [second] }, firing: { position: 39, detector: "probe" } };
    const rows = compareScores(only, [scoresAt(39, 7, 5)], settings);
    expect(rows.map(({ detector, score, reproduced }) => [detector, score, reproduced])).toEqual([
      ["probe", 5, true],
      ["concept", 7, null],
    ]);
  });

  it("has no firing to reproduce in a broken detector or a sampled reply", () => {
    const broken = { verdict: "error", detector: "concept", position: 31, errorType: "threw", message: "x" } as const;
    const evidence = trace.evidence.slice(0, 1).map((each) => ({ ...each, finding: broken }));
    const [row] = compareScores({ ...plan, trace: { ...trace, evidence } }, [], settings);
    expect(row).toMatchObject({ live: null, reproduced: null });
    const sample = { detector: "probe", stratum: "near", probability: 0.1, score: 1, threshold: 2 } as const;
    const drawn = { ...plan, trace: { ...trace, evidence: [], sample } };
    const sampled = compareScores(drawn, [], settings);
    expect(sampled).toHaveLength(1);
    expect(sampled[0]).toMatchObject({ detector: "probe", threshold: 2, reproduced: null });
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import { isSame, planReread } from "../../src/enrichment/reread-plan.ts";
import type { ReaderSettings } from "../../src/enrichment/reader-settings.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { TINY_POLICY, TINY_PROMPTS, tinySettings, tinyTrace } from "../support/tiny-reader.ts";

let settings: ReaderSettings;
let trace: Trace;
beforeEach(async () => {
  const tiny = await tinySettings();
  settings = tiny.again;
  trace = await tinyTrace(tiny);
});

const plan = (changed: Partial<Trace> = {}, given = settings) =>
  planReread({ ...trace, ...changed }, given, TINY_PROMPTS);

describe("planning a re-read", () => {
  it("reads until the last finding, and shows 64 positions before the first and 8 after it", () => {
    const planned = plan();
    expect(planned.firing).toEqual({ position: 31, detector: "concept" });
    expect([planned.first, planned.last, planned.end]).toEqual([0, 39, 39]);
    expect(planned.detectors).toEqual(["concept", "probe"]);
    const [, probe] = trace.evidence;
    expect(probe?.finding.position).toBe(39);
  });

  it("takes a sampled reply at the drawn detector's largest score", () => {
    const sample = { detector: "probe", stratum: "clear", probability: 0.1, score: 1, threshold: 2 } as const;
    const planned = plan({ evidence: [], sample });
    const largest = trace.end?.scores.find(({ detector }) => detector === "probe");
    expect(planned.firing).toEqual({ position: largest?.position, detector: "probe" });
    expect(planned.detectors).toEqual(["probe"]);
    const scores = (trace.end?.scores ?? []).map((score) => ({ ...score, position: null }));
    const end = trace.end && { ...trace.end, scores };
    expect(() => plan({ evidence: [], sample, end })).toThrow("no position of it was judged");
  });

  it("reads an interrupted run as far as its last evidence goes", () => {
    const evidence = trace.evidence.map((each) => ({ ...each, generated: trace.end?.generated.slice(0, 3) ?? [] }));
    expect(plan({ end: null, evidence }).forced).toHaveLength(3);
  });

  it("goes on only where a policy stopped the reply and allows it", () => {
    const policies = { tiny: { ...TINY_POLICY, continuationTokens: 5 } };
    const allowed = { ...settings, policies };
    expect(plan({}, allowed).continuation).toBe(0);
    const end = trace.end && { ...trace.end, reason: "abort" as const };
    expect(plan({ end }, allowed).continuation).toBe(5);
    expect(plan({ end }).continuation).toBe(0);
  });

  it("stands for the members of a combination that fired", () => {
    const combine = {
      both: { of: ["concept", "probe"], rule: "any" as const, withinTokens: 4, threshold: 1, action: "flag" as const },
    };
    const policies = { tiny: { ...TINY_POLICY, combine } };
    const evidence = trace.evidence
      .slice(0, 1)
      .map((each) => ({ ...each, finding: { ...each.finding, detector: "both" } }));
    const planned = plan({ evidence }, { ...settings, policies });
    expect(planned.detectors).toEqual(["concept", "probe"]);
  });

  it("refuses another model, policy, detector, prompt or token than the live run had", () => {
    const { head } = trace;
    const other = (changes: Partial<Trace["head"]>) => () => plan({ head: { ...head, ...changes } });
    expect(other({ model: { ...head.model, precision: "exact" } })).toThrow("exact precision, and another model");
    expect(other({ policy: "toString" })).toThrow("its policy toString is not configured any more");
    expect(other({ detectorHashes: { concept: "new" } })).toThrow("the detector concept is not the one that judged it");
    const end = trace.end && { ...trace.end, promptTokens: 41 };
    expect(() => plan({ end })).toThrow("its prompt had 41 tokens and has 40 now");
    const evidence = trace.evidence.map((each) => ({
      ...each,
      live: each.live.map((row) => ({ ...row, token: row.token + 1 })),
    }));
    expect(() => plan({ evidence })).toThrow("another token than live stands at position 31");
    const far = trace.evidence.map((each) => ({ ...each, live: [], finding: { ...each.finding, position: 500 } }));
    expect(() => plan({ evidence: far })).toThrow("its record ends before the position that was flagged");
  });

  it("knows a detector by the hash of its definition", () => {
    expect(isSame("concept", trace.head, settings.worker)).toBe(true);
    expect(isSame("gone", trace.head, settings.worker)).toBe(false);
  });
});

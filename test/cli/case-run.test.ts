import { describe, expect, it } from "vitest";
import { findFaults } from "../../src/cli/case-run.ts";
import type { CaseExpectation } from "../../src/detect/cases.ts";
import type { RunEnd } from "../../src/engine/engine.ts";
import type { WholeRun } from "../../src/engine/run-to-end.ts";
import { sampleEvidence, sampleFinding } from "../conformance/samples.ts";

const DETECTOR = { id: "country-channel", threshold: 5 };
const REPLY = ["S", "ushi", " is", " a", " Japanese", " dish"].map((text, id) => ({ id, text }));
const QUIET = { fires: false, margin: 0.5 } as const;
const FIRING = { fires: true, margin: 0.5 } as const;

/** A run that fired with 6.5 after "Sushi is a", naming Japan, and went on. */
function whole({
  score = 6.5,
  end = {},
  flags = true,
}: {
  score?: number | null;
  end?: Partial<RunEnd>;
  flags?: boolean;
}) {
  const { id: detector } = DETECTOR;
  const one = { detector, hash: "", score, position: 14, tap: "23.attn_out", fired: flags, error: null };
  const ended = { reason: "length", generated: REPLY, scores: [one], ...end };
  const evidence = sampleEvidence({ finding: sampleFinding(), generated: REPLY.slice(0, 4) });
  return { flags: flags ? [evidence] : [], released: [], text: "", end: ended } as unknown as WholeRun;
}

describe("what is wrong with a case", () => {
  it.each<[string, CaseExpectation, WholeRun]>([
    ["fired by its margin, with its name, before its text", { ...FIRING, names: "Japan", by: " Japanese" }, whole({})],
    ["stayed below by its margin", QUIET, whole({ score: 4.5, flags: false })],
  ])("is nothing when it %s", (_, expectation, run) => {
    expect(findFaults(DETECTOR, expectation, run)).toEqual([]);
  });

  it.each<[string, CaseExpectation, WholeRun, string]>([
    [
      "came too close",
      QUIET,
      whole({ score: 4.6, flags: false }),
      "largest score 4.600 at position 14, threshold 5: must stay 0.5 below it",
    ],
    [
      "passed too narrowly",
      FIRING,
      whole({ score: 5.4 }),
      "largest score 5.400 at position 14, threshold 5: must pass it by 0.5",
    ],
    [
      "did not fire",
      FIRING,
      whole({ score: 6, flags: false }),
      "largest score 6.000 at position 14, threshold 5: it did not fire",
    ],
    ["named another", { ...FIRING, names: "China" }, whole({}), "it names Japan, not China"],
    ["fired too late", { ...FIRING, by: " is" }, whole({}), 'it fired after "Sushi is a", not before " is"'],
    [
      "never said the text",
      { ...FIRING, by: " Korea" },
      whole({}),
      'the reply never says " Korea": "Sushi is a Japanese dish"',
    ],
    ["judged nothing", QUIET, whole({ score: null, flags: false }), "no score: no position was judged"],
    ["was not run", QUIET, whole({ end: { scores: [] } }), "no score: no position was judged"],
    [
      "was cut short",
      QUIET,
      whole({ score: 1, flags: false, end: { reason: "failed" } }),
      "the run did not end by itself: failed",
    ],
  ])("is said when it %s", (_, expectation, run, fault) => {
    expect(findFaults(DETECTOR, expectation, run)).toEqual([fault]);
  });

  it("is an error of the detector, even where it must not fire", () => {
    const broken = {
      detector: DETECTOR.id,
      hash: "",
      score: 1,
      position: 1,
      tap: null,
      fired: false,
      error: "threw: no",
    };
    expect(findFaults(DETECTOR, QUIET, whole({ flags: false, end: { scores: [broken] } }))).toEqual([
      "no score: threw: no",
    ]);
  });
});

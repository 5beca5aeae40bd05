import { beforeAll, describe, expect, it } from "vitest";
import type { ResolveContext, Step } from "../../../src/detect/kinds/kind.ts";
import { trajectoryKind } from "../../../src/detect/kinds/trajectory.ts";
import { tapsOfRead, type ConceptRead } from "../../../src/lens/reading.ts";
import { openVocabulary } from "../../support/vocabulary.ts";

let context: ResolveContext;
beforeAll(async () => {
  context = await openVocabulary();
});

function resolve(changes: Record<string, unknown> = {}, changed: Partial<ResolveContext> = {}) {
  const options = trajectoryKind.schema.parse({
    words: ["Japan", "Peru"],
    inside: ["20.resid_post", "23.attn_out"],
    measure: "hidden",
    ...changes,
  });
  const resolution = trajectoryKind.resolve(options, { ...context, ...changed });
  return { ...resolution, reads: resolution.reads as readonly ConceptRead[] };
}

/** Scores by read; the logits of Japan are the larger the stronger the read is. */
function scoreOf(changes: Record<string, unknown>, logOdds: readonly number[]) {
  const { resolved, reads } = resolve(changes);
  const step: Step = {
    position: 1,
    phase: "generation",
    token: 1,
    text: " a",
    reading: (index) => ({
      logOdds: logOdds[index] ?? Number.NaN,
      logits: Float32Array.from(reads[index]?.tokens ?? [], (_, token) => (token < 2 ? (logOdds[index] ?? 0) : 0)),
    }),
  };
  return trajectoryKind.start(resolved, "both").score(step);
}

describe("the trajectory kind", () => {
  it("reads the same words inside and at the output, which is the last block's", () => {
    const { reads, notes } = resolve({ words: ["Japan", "Kiribati"] });
    expect(reads.flatMap(tapsOfRead).map(({ layer, point }) => `${layer}.${point}`)).toEqual([
      "20.resid_post",
      "23.attn_out",
      "29.resid_post",
    ]);
    expect(new Set(reads.map(({ tokens }) => tokens.join())).size).toBe(1);
    expect(notes).toEqual(["no single token for: Kiribati"]);
  });

  it("looks through its lens everywhere but at the output", () => {
    const { reads } = resolve(
      { lens: "centred", outside: ["28.resid_post", "29.resid_post"] },
      { lenses: ["logit", "centred"] },
    );
    expect(reads.map(({ lens }) => lens)).toEqual(["centred", "centred", "centred", undefined]);
  });

  it.each([
    // Strong inside and absent outside: as strong as inside.
    ["hidden", [-4, 3, -5], 3],
    // Strong in both: only what it is stronger by.
    ["hidden", [-4, 3, 2], 1],
    ["hidden", [1, 3, 7], -4],
    // Weak everywhere is not hidden, however far it fell.
    ["hidden", [-4, -6, -20], -4],
    ["dropped", [-4, -6, -20], 16],
    ["dropped", [2, 5, 1], 4],
    ["dropped", [2, 5, 9], -4],
  ] as const)("%s of %j is %d", (measure, logOdds, expected) => {
    expect(scoreOf({ measure }, logOdds)?.score).toBeCloseTo(expected, 12);
  });

  it("takes the strongest tap outside", () => {
    const outside = ["27.resid_post", "29.resid_post"];
    expect(scoreOf({ outside, measure: "dropped" }, [0, 5, 4, 1])?.score).toBe(1);
  });

  it("makes log-odds of the exact yardstick's ln p", () => {
    const [inside, outside] = [Math.log(0.8), Math.log(0.2)];
    const score = scoreOf({ yardstick: "exact", measure: "dropped" }, [-9, inside, outside])?.score;
    expect(score).toBeCloseTo(Math.log(4) - Math.log(0.25), 9);
  });

  it("names what it has in mind where it is strongest", () => {
    const score = scoreOf({}, [5, 1, -3]);
    expect(score).toMatchObject({ score: 5, tap: "20.resid_post" });
    expect(score?.names?.[0]).toMatchObject({ name: "Japan", share: expect.closeTo(1, 1) });
  });

  it.each(["hidden", "dropped"])("passes NaN on from any tap: %s", (measure) => {
    for (const broken of [0, 1, 2]) {
      const logOdds = [1, 2, 3].map((value, index) => (index === broken ? Number.NaN : value));
      expect(scoreOf({ measure }, logOdds)?.score).toBeNaN();
    }
  });

  it.each<[readonly PropertyKey[], RegExp, Record<string, unknown>]>([
    [["inside", 1], /no tap|not a tap/, { inside: ["1.mlp_out", "1.mlp"] }],
    [["outside", 0], /layer 30/, { outside: ["30.mlp_out"] }],
    [["inside", 1], /same tap/, { inside: ["29.mlp_out", "100%.mlp_out"] }],
    [["inside", 0], /inside and outside/, { inside: ["100%.resid_post"] }],
    [["words"], /no token at all/, { words: ["Kiribati"] }],
    [["lens"], /the lens tuned is not there/, { lens: "tuned" }],
  ])("names the option that does not work: %j", (path, message, changes) => {
    expect(() => resolve(changes)).toThrow(
      expect.objectContaining({ path, message: expect.stringMatching(message), cure: expect.stringMatching(/./) }),
    );
  });

  it.each([{ measure: "gone" }, { inside: [] }, { outside: [] }, { measure: undefined }, { taps: ["1.mlp_out"] }])(
    "refuses the options %j",
    (changes) => {
      const options = { words: ["a"], inside: ["1.mlp_out"], measure: "hidden", ...changes };
      expect(trajectoryKind.schema.safeParse(options).success).toBe(false);
    },
  );
});

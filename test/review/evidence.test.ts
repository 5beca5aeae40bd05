import { expect, test } from "vitest";
import { viewTrace } from "../../src/review/evidence.ts";
import { sampleEnd, sampleEvidence, sampleFinding, sampleHead, sampleTrace } from "../conformance/samples.ts";

const released = (view: ReturnType<typeof viewTrace>) => view.reply.tokens.map((token) => token.released);

test("tokens are split where the reply was stopped, and the one that fired is named", () => {
  const view = viewTrace(sampleTrace());
  expect(view.reply).toMatchObject({ released: 3, unsent: "stopped", certain: true });
  expect(released(view)).toEqual([true, true, true, false]);
  expect(view.reply.tokens.map(({ position }) => position)).toEqual([11, 12, 13, 14]);
  expect(view.reply.tokens.map(({ fired }) => fired)).toEqual([[], [], [], ["country-channel"]]);
});

test("a generation whose end is unknown shows what was known at the last finding", () => {
  const later = sampleEvidence({
    generated: [
      { id: 1, text: "a" },
      { id: 2, text: "b" },
    ],
    released: 1,
  });
  const trace = sampleTrace({ state: "interrupted", end: null, evidence: [sampleEvidence(), later] });
  const view = viewTrace(trace);
  expect(view.reply).toMatchObject({ released: 1, unsent: "cut off", certain: false });
  expect(view.reply.tokens.map(({ position, text }) => [position, text])).toEqual([
    [null, "a"],
    [null, "b"],
  ]);
  expect(viewTrace({ ...trace, state: "open" }).reply.unsent).toBe("held");
  expect(viewTrace({ ...trace, head: sampleHead(1, { promptTokens: 11 }) }).reply.tokens[0]?.position).toBe(11);
});

test("what follows the released tokens is stopped, ended or cut off, by the reason of the end", () => {
  const unsent = (reason: "abort" | "unavailable" | "stop" | "length" | "cancelled" | "deadline" | "failed") =>
    viewTrace(sampleTrace({ end: sampleEnd({ reason }) })).reply.unsent;
  expect([unsent("abort"), unsent("unavailable")]).toEqual(["stopped", "stopped"]);
  expect([unsent("stop"), unsent("length")]).toEqual(["ended", "ended"]);
  expect([unsent("cancelled"), unsent("deadline"), unsent("failed")]).toEqual(["cut off", "cut off", "cut off"]);
});

test("more released than generated is shown as all of it", () => {
  expect(viewTrace(sampleTrace({ end: sampleEnd({ releasedTokens: 99 }) })).reply.released).toBe(4);
});

test("a firing says where, on which token, how far over the threshold, and what was in mind", () => {
  expect(viewTrace(sampleTrace()).firings).toMatchObject([
    {
      detector: "country-channel",
      verdict: "fired",
      action: "abort",
      rule: "demo.country-channel: abort",
      position: 14,
      phase: "generation",
      tap: "23.attn_out",
      token: " a",
      score: 6.5,
      raw: 7.25,
      threshold: 5,
      names: [
        { name: "Japan", share: 0.91 },
        { name: "China", share: 0.06 },
      ],
      error: null,
    },
  ]);
});

test("a probe names taps: they are where its score came from, and nothing that it had in mind", () => {
  const names = [
    { name: "23.mlp_out", share: 0.6 },
    { name: "4.mlp_out", share: 0.4 },
  ];
  const [firing] = viewTrace(
    sampleTrace({ evidence: [sampleEvidence({ finding: sampleFinding({ names }) })] }),
  ).firings;
  expect(firing).toMatchObject({ names: [], taps: names });
});

test("a broken detector is shown as an error with what broke", () => {
  const finding = { detector: "broken", position: 14, verdict: "error", errorType: "threw", message: "boom" } as const;
  const view = viewTrace(sampleTrace({ evidence: [sampleEvidence({ finding, decision: { action: "unavailable" } })] }));
  expect(view.firings).toMatchObject([
    {
      detector: "broken",
      verdict: "error",
      error: "threw: boom",
      score: null,
      threshold: null,
      tap: null,
      token: " a",
      rule: null,
    },
  ]);
});

test("the strip has a row a detector, scaled from its lowest score to its threshold", () => {
  const [firing] = viewTrace(sampleTrace()).firings;
  expect(firing?.strip.positions.at(-1)).toEqual({ position: 14, text: " a" });
  expect(firing?.strip.rows).toEqual([
    { detector: "country-channel", scores: [null, -2.5, -1, 3.5, 6.5], threshold: 5, low: -2.5, high: 5 },
    { detector: "audit-approval", scores: [null, 0.25, 0.5, 0.125, 0.0625], threshold: null, low: -0.5, high: 0.5 },
  ]);
});

test("thresholds that came with the evidence scale the other detectors too", () => {
  const [firing] = viewTrace(sampleTrace({ evidence: [sampleEvidence({ thresholds: [5, 4] })] })).firings;
  expect(firing?.strip.rows[1]).toMatchObject({ threshold: 4, low: 0.0625, high: 4 });
});

test("a strip of which nothing was judged, and one where every score is the same, have a range", () => {
  const live = [{ position: 3, token: 1, text: "x", scores: [null, 7] }];
  const evidence = sampleEvidence({ live, finding: sampleFinding({ detector: "other" }) });
  expect(viewTrace(sampleTrace({ evidence: [evidence] })).firings[0]?.strip.rows).toMatchObject([
    { low: 0, high: 1 },
    { low: 6, high: 7 },
  ]);
});

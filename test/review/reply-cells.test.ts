import { expect, test } from "vitest";
import { variatesFrom } from "../../src/evaluation/variates.ts";
import type { Answer, JudgedReply } from "../../src/review/judged-reply.ts";
import { cutCells, drawPositives, drawShare, expectedPositives } from "../../src/review/reply-cells.ts";

function reply(score: number, answer: Answer | null, changes: Partial<JudgedReply> = {}): JudgedReply {
  return { score, fired: true, frame: "flagged", probability: 1, answer, ...changes };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

test("an answer stands for replies of about its score, and stretches that nobody looked at are a cell of their own", () => {
  const replies = range(100).map((rank) => reply(100 - rank, rank < 40 ? (rank < 25 ? "positive" : "negative") : null));
  const cells = cutCells(replies);
  expect(cells.map(({ replies: own, answers }) => [own.length, answers.positive, answers.negative])).toEqual([
    [10, 10, 0],
    [10, 10, 0],
    [10, 5, 5],
    [10, 0, 10],
    [60, 0, 0],
  ]);
});

test("a short gap belongs to its neighbours, and equal scores are never parted", () => {
  const replies = range(30).map((rank) => reply(rank < 15 ? 2 : 1, rank % 3 === 0 ? null : "positive"));
  const cells = cutCells(replies);
  expect(cells.map(({ replies: own }) => own.length)).toEqual([15, 15]);
  expect(new Set(cells[0]?.replies.map(({ score }) => score))).toEqual(new Set([2]));
});

test("drawn replies are cut by stratum and by whether they fired, with answers weighing one over their probability", () => {
  const drawn = (answer: Answer | null, probability: number) =>
    reply(0, answer, { fired: false, frame: "clear", probability });
  const [clear, near] = cutCells([
    ...range(8).map(() => drawn("negative", 0.1)),
    ...range(2).map(() => drawn("positive", 0.2)),
    ...range(90).map(() => drawn(null, 0.1)),
    reply(3, "unsure", { frame: "near", probability: 0.5 }),
  ]);
  expect(clear).toMatchObject({
    fired: false,
    answers: { positive: 2, negative: 8, unsure: 0 },
    positiveShare: 10 / 90,
  });
  expect(clear?.worth).toBeCloseTo(90 ** 2 / 850);
  expect(near).toMatchObject({ fired: true, unsureShare: 1, worth: 1 });
});

test("without answers a share may be anything, and unsure answers count either way", () => {
  const variates = variatesFrom(1);
  const [open] = cutCells([reply(1, null)]);
  const [unsure] = cutCells([reply(1, "unsure")]);
  if (!open || !unsure) throw new Error("no cell");
  expect([drawShare(open, "low", variates), drawShare(open, "high", variates)]).toEqual([0, 1]);
  expect([drawPositives(unsure, "low", variates), drawPositives(unsure, "high", variates)]).toEqual([0, 1]);
});

test("answered replies count as they were answered in every draw", () => {
  const variates = variatesFrom(1);
  const [cell] = cutCells(range(12).map((rank) => reply(rank, rank < 5 ? "positive" : "negative")));
  if (!cell) throw new Error("no cell");
  expect(range(20).map(() => drawPositives(cell, "high", variates))).toEqual(range(20).map(() => 5));
});

test("a cell without answers is expected to be like the one before it, and like half without any", () => {
  const looked = range(10).map((rank) => reply(100 - rank, rank < 4 ? "positive" : "negative"));
  expect(expectedPositives(cutCells([...looked, ...range(20).map((rank) => reply(20 - rank, null))]))).toBeCloseTo(12);
  expect(expectedPositives(cutCells(range(10).map((rank) => reply(rank, null))))).toBe(5);
});

test("one verdict on many replies that are alike is worth one, and counts as known for each of them", () => {
  const alike = range(20).map(() => reply(5, "positive", { item: "tr_1" }));
  const [shared] = cutCells([...alike, reply(5, null), reply(5, "negative")]);
  expect(shared?.answers).toEqual({ positive: 20, negative: 1, unsure: 0 });
  expect(shared?.positiveShare).toBeCloseTo(20 / 21);
  // (20 + 1)² over 20² + 1².
  expect(shared?.worth).toBeCloseTo(441 / 401);
  const [apart] = cutCells([...range(20).map(() => reply(5, "positive")), reply(5, null), reply(5, "negative")]);
  expect(apart?.worth).toBeCloseTo(21);
});

test("replies that share a verdict fill no bin alone", () => {
  const alike = range(15).map((rank) => reply(100 - rank, "positive", { item: "tr_1" }));
  const rest = range(20).map((rank) => reply(50 - rank, "negative"));
  const cells = cutCells([...alike, ...rest]);
  expect(cells.map(({ replies: own }) => own.length)).toEqual([24, 11]);
});

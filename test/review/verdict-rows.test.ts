import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { floodOf } from "../../src/queue/queue.ts";
import { exportVerdicts, importVerdicts } from "../../src/review/verdict-rows.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import type { ReviewDecision } from "../../src/trace/stores.ts";
import type { TraceHead } from "../../src/trace/trace.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { readLabelledRows } from "../../src/training/labelled-rows.ts";
import { readFileRows } from "../../src/training/row-content.ts";
import { AWKWARD_TEXT, sampleDecision, sampleEnd, sampleHead, sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { problemsOf } from "../support/problems.ts";

const SAMPLE = { detector: "country-channel", score: 1, threshold: 5, stratum: "near", probability: 0.02 } as const;

/** A desk with so many drawn replies, each with its own text unless told. */
async function openDesk(count: number, changes: (number: number) => Partial<TraceHead> = () => ({})) {
  const database = openDatabase({ folder: temporaryFolder() });
  const desk = {
    traces: createTraceStore(database),
    decisions: createDecisionStore(database),
    queue: createEmbeddedQueue({ database }),
  };
  for (let number = 0; number < count; number += 1) {
    const conversation = [{ role: "user", content: `${AWKWARD_TEXT} ${number}` }];
    const end = sampleEnd({
      generated: [
        { id: 1, text: "Sushi" },
        { id: 2, text: " is" },
      ],
    });
    await desk.traces.addSample(sampleHead(number, { conversation, ...changes(number) }), end, SAMPLE);
    await desk.queue.enqueue(sampleItem(number));
  }
  return desk;
}

function fileOf(rows: readonly object[]): string {
  const file = join(temporaryFolder(), "verdicts.jsonl");
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n"));
  return file;
}

const read = (file: string) => readFileRows(file, { purpose: "import", option: "<file>" });
const verdictOf = (number: number): ReviewDecision["verdict"] =>
  number % 2 === 0 ? "true_positive" : "false_positive";

test("exported verdicts are rows that training reads: texts, labels and groups by prompt", async () => {
  const desk = await openDesk(44);
  for (let number = 0; number < 44; number += 1)
    await desk.decisions.add(sampleDecision(number, { verdict: verdictOf(number) }));
  await desk.decisions.add(sampleDecision(43, { verdict: "unsure" }));
  const { rows, missing, contradicted } = await exportVerdicts(desk, { detector: "country-channel" });
  expect([rows.length, missing, contradicted]).toEqual([43, 0, 0]);
  const { rows: learned } = await readLabelledRows([fileOf(rows)]);
  expect(learned.filter(({ label }) => label === 1)).toHaveLength(22);
  const first = learned.find(({ id }) => id === traceId(0));
  expect(first?.content).toEqual({
    type: "chat",
    turns: [
      { role: "user", content: `${AWKWARD_TEXT} 0` },
      { role: "assistant", content: "Sushi is" },
    ],
  });
  expect(new Set(learned.map(({ group }) => group)).size).toBe(43);
});

test("a plain prompt is one text with its reply, and another detector's verdicts stay out", async () => {
  const desk = await openDesk(2, () => ({ conversation: [{ role: "prompt", content: "My favourite: " }] }));
  await desk.decisions.add(sampleDecision(0, { verdict: "true_positive" }));
  await desk.decisions.add(sampleDecision(1, { verdict: "true_positive", detector: "other" }));
  const { rows } = await exportVerdicts(desk, { detector: "country-channel" });
  expect(rows).toMatchObject([
    { id: traceId(0), label: 1, text: "My favourite: Sushi is", sample: { stratum: "near" } },
  ]);
});

test("of a text with both labels the newest verdict counts, and traces that are gone are counted", async () => {
  const desk = await openDesk(2, () => ({ conversation: [{ role: "user", content: "the same" }] }));
  await desk.decisions.add(sampleDecision(0, { verdict: "true_positive", decidedAt: 10 }));
  await desk.decisions.add(sampleDecision(1, { verdict: "false_positive", decidedAt: 20 }));
  await desk.decisions.add(sampleDecision(9, { verdict: "false_positive" }));
  const { rows, missing, contradicted } = await exportVerdicts(desk, {});
  expect(rows).toMatchObject([{ id: traceId(1), label: 0 }]);
  expect([missing, contradicted]).toEqual([1, 1]);
});

test("what one desk exports another takes in, once, and its items leave the queue", async () => {
  const [from, to] = [await openDesk(6), await openDesk(5)];
  for (const number of [0, 1, 2, 5])
    await from.decisions.add(sampleDecision(number, { verdict: verdictOf(number), note: AWKWARD_TEXT, decidedAt: 50 }));
  await from.decisions.add(sampleDecision(3, { verdict: "unsure", decidedAt: 50 }));
  await from.decisions.add(sampleDecision(4, { verdict: "escalate", decidedAt: 50 }));
  await to.decisions.add(sampleDecision(2, { verdict: "unsure", decidedAt: 99 }));
  const { rows } = await exportVerdicts(from, { all: true });
  const file = fileOf(rows);
  const parts = { ...to, reviewer: "cli", now: 0 };
  expect(await importVerdicts(parts, file, read(file))).toEqual({ added: 4, known: 0, older: 1, unknown: 1 });
  expect(await importVerdicts(parts, file, read(file))).toEqual({ added: 0, known: 4, older: 1, unknown: 1 });
  const exported = await from.decisions.list(traceId(1));
  expect(await to.decisions.list(traceId(1))).toEqual(exported.map((each) => ({ ...each, next: "decided" })));
  expect((await to.queue.get(traceId(0)))?.state).toBe("decided");
  expect((await to.queue.get(traceId(4)))?.state).toBe("waiting");
});

test("a row with a label alone is a verdict of whoever imports it", async () => {
  const desk = await openDesk(1);
  const file = fileOf([{ id: traceId(0), text: "x", label: 0 }]);
  const parts = { ...desk, reviewer: "ada", now: 7 };
  expect(await importVerdicts(parts, file, read(file))).toMatchObject({ added: 1 });
  expect(await importVerdicts({ ...parts, now: 8 }, file, read(file))).toMatchObject({ known: 1 });
  expect(await desk.decisions.latest(traceId(0))).toMatchObject({
    verdict: "false_positive",
    reviewer: "ada",
    detector: "country-channel",
    decidedAt: 7,
  });
});

test.each([
  [{ id: "1", label: 1 }, '"id": must be the id of a trace'],
  [{ id: traceId(0), label: 2 }, '"label"'],
  [{ id: traceId(0) }, "no verdict and no label"],
])("a row that is no verdict is refused with its line: %j", async (row, message) => {
  const desk = await openDesk(1);
  const file = fileOf([{ text: "x", ...row }]);
  const problems = await problemsOf(() => importVerdicts({ ...desk, reviewer: "ada", now: 7 }, file, read(file)));
  expect(problems[0]).toContain(`${file}:1: `);
  expect(problems[0]).toContain(message);
});

test("what is alike to a judged trace is exported with its verdict, each text once, and comes in with its item alone", async () => {
  const desk = await openDesk(5, (number) =>
    number < 3 ? { conversation: [{ role: "user", content: "the same" }] } : {},
  );
  for (const number of [1, 2, 3, 4]) await desk.queue.remove(traceId(number));
  // 1 is the same text as 0; 2 went on in another way; 4 was one too many.
  const other = sampleEnd({ generated: [{ id: 9, text: "Something else" }] });
  const head = sampleHead(7, { conversation: [{ role: "user", content: "the same" }] });
  await desk.traces.addSample(head, other, SAMPLE);
  for (const number of [1, 7]) await desk.queue.enqueue(sampleItem(number), { item: traceId(0) });
  await desk.queue.enqueue(sampleItem(3, { repetition: floodOf("x") }));
  await desk.queue.enqueue(sampleItem(4, { repetition: floodOf("x") }));
  for (const number of [0, 3]) await desk.decisions.add(sampleDecision(number, { verdict: "true_positive" }));
  const { rows, missing, contradicted } = await exportVerdicts(desk, {});
  expect([missing, contradicted]).toEqual([0, 0]);
  expect(rows.map((row) => [Reflect.get(row, "id"), Reflect.get(row, "item"), Reflect.get(row, "label")])).toEqual([
    [traceId(3), undefined, 1],
    [traceId(7), traceId(0), 1],
    [traceId(0), undefined, 1],
  ]);
  const groups = rows.map((row) => Reflect.get(row, "group") as string);
  expect(groups[1]).toBe(groups[2]);
  const file = fileOf(rows);
  const parts = { ...(await openDesk(8)), reviewer: "ada", now: 7 };
  expect(await importVerdicts(parts, file, read(file))).toEqual({ added: 2, known: 1, older: 0, unknown: 0 });
  expect(await parts.decisions.list(traceId(7))).toEqual([]);
});

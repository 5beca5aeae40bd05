import { writeSync } from "node:fs";
import { createEmbeddedQueue } from "../../src/queue/embedded.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createDecisionStore } from "../../src/trace/decision-store.ts";
import { createScoreLog } from "../../src/trace/score-log.ts";
import { createTraceStore } from "../../src/trace/trace-store.ts";
import { sampleEnd, sampleEvidence, sampleHead, sampleItem, sampleScoreRow, sampleDecision } from "./samples.ts";

// Run as a process of its own: writes until it is killed, and prints a line for every write once its promise has resolved.
const [folder = "", first = "0"] = process.argv.slice(2);
const database = openDatabase({ folder });
const traces = createTraceStore(database);
const scores = createScoreLog(database);
const decisions = createDecisionStore(database);
const queue = createEmbeddedQueue({ database });
const acknowledge = (what: string, number: number) => writeSync(1, `${what} ${number}\n`);

for (let number = Number(first); ; number += 1) {
  const head = sampleHead(number);
  await traces.open(head, sampleEvidence());
  acknowledge("open", number);
  await traces.append(head.id, sampleEvidence({ released: 9 }));
  acknowledge("append", number);
  await traces.close(head.id, sampleEnd(), "complete");
  acknowledge("close", number);
  await scores.add(sampleScoreRow(number));
  acknowledge("score", number);
  await queue.enqueue(sampleItem(number));
  acknowledge("enqueue", number);
  await decisions.add(sampleDecision(number, { id: `decision ${number}`, traceId: head.id, decidedAt: number }));
  acknowledge("decision", number);
}

import { setTimeout as wait } from "node:timers/promises";
import { runToEnd } from "../src/engine/run-to-end.ts";
import type { Enrichment } from "../src/enrichment/enrichment.ts";
import type { Trace } from "../src/trace/trace.ts";
import { DETECTORS, STREAMS, type EnrichmentRig } from "./enrichment-rig.ts";

/** What came out where the reply was read in long passes. */
interface Chunked {
  fired: number;
  again: number;
  readonly differences: number[];
}

/** Of so many flagged traces, how many fire again: with the live run's passes, and with long ones. */
export async function measureReproduction(
  rig: EnrichmentRig,
  { wanted, maxTokens }: { wanted: number; maxTokens: number },
): Promise<string[]> {
  const traces: Trace[] = [];
  const chunked: Chunked = { fired: 0, again: 0, differences: [] };
  let asked = 0;
  const stream = async (): Promise<void> => {
    while (traces.length < wanted) {
      const number = asked;
      asked += 1;
      // Every third reply is greedy.
      const trace = await rig.ask(number, { maxTokens, ...(number % 3 === 0 ? {} : { seed: number }) });
      if (!trace || traces.length >= wanted) continue;
      traces.push(trace);
      if (traces.length % 25 === 0) process.stderr.write(`${traces.length} of ${wanted} flagged\n`);
      await rig.enrichment.add(trace.head.id);
      await readChunked(rig, trace, chunked);
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, stream));
  const seen = () => rig.enrichment.status().read + rig.enrichment.status().failed;
  while (seen() < traces.length) await wait(50);
  return [...(await describe(rig, traces, asked)), describeChunked(chunked)];
}

async function describe(rig: EnrichmentRig, traces: readonly Trace[], asked: number): Promise<string[]> {
  let same = 0;
  let largest = 0;
  for (const { head } of traces) {
    const found = JSON.parse((await rig.live.enrichments.get(head.id)) ?? "{}") as Partial<Enrichment>;
    const differences = (found.reread ?? []).map(({ difference }) => Math.abs(difference ?? NaN));
    if (differences.length > 0 && differences.every((each) => each === 0)) same += 1;
    largest = Math.max(largest, ...differences);
  }
  const { read, failed, firings, reproduced, deaths } = rig.enrichment.status();
  const inPrompt = traces.filter(
    ({ evidence, end }) => (evidence[0]?.finding.position ?? 0) < (end?.promptTokens ?? 0),
  ).length;
  return [
    `reproduce: ${traces.length} flagged traces of ${asked} replies, ${inPrompt} flagged in the prompt; ${read} read again, ${failed} not, ${deaths} deaths`,
    `  passes as live: ${reproduced} of ${firings} firings fire again; every score of ${same} traces is the same to the last bit, largest difference ${largest}`,
  ];
}

async function readChunked({ live, quiet }: EnrichmentRig, trace: Trace, into: Chunked): Promise<void> {
  const { ids, judgedNew } = live.model.prompts.encodeChat(trace.head.conversation);
  // In the prompt both read alike.
  const inReply = trace.evidence.filter(({ finding }) => finding.position >= ids.length);
  if (inReply.length === 0) return;
  const run = live.engine.read({
    id: `chunked-${trace.head.id}`,
    prompt: ids,
    judged: judgedNew,
    policy: quiet,
    deadlineMs: 600_000,
    keepScores: true,
    forced: Int32Array.from(trace.end?.generated ?? [], ({ id }) => id),
  });
  const { end } = await runToEnd(run);
  for (const { finding } of inReply) {
    if (finding.verdict !== "fired") continue;
    const row = end.everyScore?.find(({ position }) => position === finding.position);
    const score = row?.scores[DETECTORS.indexOf(finding.detector)] ?? NaN;
    into.fired += 1;
    if (score >= finding.threshold) into.again += 1;
    into.differences.push(Math.abs(score - finding.score));
  }
}

function describeChunked({ fired, again, differences }: Chunked): string {
  const sorted = differences.toSorted((left, right) => left - right);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(3);
  return `  the reply in passes of 64: ${again} of ${fired} firings in a reply fire again; difference median ${at(0.5)}, 99 % ${at(0.99)}, largest ${at(1)}`;
}

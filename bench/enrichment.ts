// Reading flagged traces again: how often the live firing comes out, how soon evidence is there, what it costs live traffic, and what
// keeping every tap of the live run would cost instead.
//
//   npx tsx bench/enrichment.ts [--parts reproduce,idle,load,taps] [--traces 500] [--rounds 10] [--seconds 20] [--niceness 15] [--threads 2]
//
// Texts are those of detectors/data. Live traffic runs in this process, the re-read in its own, as in the gateway.
import { homedir, loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { estimate, formatEstimate, median } from "../src/cli/statistics.ts";
import { runToEnd } from "../src/engine/run-to-end.ts";
import type { Enrichment } from "../src/enrichment/enrichment.ts";
import { forkReader, keepReader, NICENESS } from "../src/enrichment/reader-keeper.ts";
import { startEnrichment, type Enrichments } from "../src/enrichment/start-enrichment.ts";
import { createLogger } from "../src/log.ts";
import { createLocalWorkQueue } from "../src/queue/work-queue.ts";
import type { Trace } from "../src/trace/trace.ts";
import { onePolicy, openFlaggedTraces } from "../test/support/flagged-traces.ts";
import { measureTaps } from "./enrichment-taps.ts";
import { readFlaggingTexts } from "./flagging-texts.ts";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "reproduce,idle,load,taps" },
    traces: { type: "string", default: "500" },
    rounds: { type: "string", default: "10" },
    seconds: { type: "string", default: "20" },
    tokens: { type: "string", default: "32" },
    niceness: { type: "string", default: String(NICENESS) },
    threads: { type: "string" },
    cache: { type: "string", default: process.env["LENSGATE_CACHE_DIR"] ?? `${homedir()}/.cache/lensgate` },
  },
});
const parts = new Set(values.parts.split(","));
const rounds = Number(values.rounds);
const STREAMS = 4;
const STORY = "Write a long story about a ship that sails around a cape.";

const DETECTORS = [
  "country-channel",
  "audit-approval",
  "country-implied",
  "audit-watched",
  "harm-intent",
  "deception-lie",
];
const rules = (chosen: string, action: "flag" | "abort") =>
  Object.fromEntries(DETECTORS.map((id) => [id, id === chosen ? action : "observe"] as const));
const named = DETECTORS.flatMap((id) => [
  onePolicy(`flag-${id}`, rules(id, "flag")),
  onePolicy(`abort-${id}`, rules(id, "abort")),
]);
const quiet = onePolicy("quiet", Object.fromEntries(DETECTORS.map((id) => [id, "observe"] as const)));
const policies = Object.fromEntries([...named, quiet].map((policy) => [policy.name, policy]));

const questions = readFlaggingTexts();
const live = await openFlaggedTraces({
  policies,
  cache: values.cache,
  slots: STREAMS,
  ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
});
const work = createLocalWorkQueue();
const log = createLogger("silent");
const state = { busyWaitMs: 0 };
const keeper = keepReader({
  settings: () => live.settings(),
  idleExitMs: 3_600_000,
  log,
  start: () => forkReader(Number(values.niceness)),
});
const enrichment: Enrichments = startEnrichment({
  keeper,
  work,
  traces: live.traces,
  enrichments: live.enrichments,
  settings: () => live.settings(),
  config: {
    idleExitMs: 3_600_000,
    get busyWaitMs() {
      return state.busyWaitMs;
    },
  },
  isBusy: () => live.engine.status().running > 0,
  log,
});
say(
  `load average ${loadavg()
    .map((each) => each.toFixed(1))
    .join(" ")} before the start`,
);
if (parts.has("reproduce")) await reproduce(Number(values.traces));
if (parts.has("idle")) await idle();
if (parts.has("load")) await load();
if (parts.has("taps")) for (const line of await measureTaps(values.cache, rounds)) say(line);
say(
  `load average ${loadavg()
    .map((each) => each.toFixed(1))
    .join(" ")} at the end`,
);
await enrichment.close();
await live.close();

/** Proof: of so many flagged traces, how many fire again, with the live run's passes and with long ones. */
async function reproduce(wanted: number): Promise<void> {
  const traces: Trace[] = [];
  const bit = { same: 0, largest: 0 };
  const chunked = { fired: 0, again: 0, differences: [] as number[] };
  let asked = 0;
  const maxTokens = Number(values.tokens);
  const one = async (): Promise<void> => {
    while (traces.length < wanted && asked < questions.length * 4) {
      const number = asked;
      asked += 1;
      const question = questions[number % questions.length] ?? "";
      const policy = named[number % named.length]?.name ?? "";
      const trace = await live.ask(question, { policy, maxTokens, ...(number % 3 === 0 ? {} : { seed: number }) });
      if (!trace || traces.length >= wanted) continue;
      traces.push(trace);
      await enrichment.add(trace.head.id);
      await readChunked(trace, chunked);
    }
  };
  await Promise.all(Array.from({ length: STREAMS }, one));
  await drain();
  for (const { head } of traces) {
    const found = JSON.parse((await live.enrichments.get(head.id)) ?? "{}") as Enrichment;
    const differences = (found.reread ?? []).map(({ difference }) => Math.abs(difference ?? NaN));
    if (differences.length > 0 && differences.every((each) => each === 0)) bit.same += 1;
    bit.largest = Math.max(bit.largest, ...differences);
  }
  const { read, failed, firings, reproduced, deaths } = enrichment.status();
  const inPrompt = traces.filter(
    ({ evidence, end }) => (evidence[0]?.finding.position ?? 0) < (end?.promptTokens ?? 0),
  );
  say(
    `reproduce: ${traces.length} flagged traces of ${asked} replies, ${inPrompt.length} in the prompt; ${read} read, ${failed} not, ${deaths} deaths`,
  );
  say(
    `  passes as live: ${reproduced} of ${firings} firings fire again; every score of ${bit.same} traces to the last bit, largest difference ${bit.largest}`,
  );
  const sorted = chunked.differences.sort((left, right) => left - right);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(3);
  say(
    `  reply in passes of 64: ${chunked.again} of ${chunked.fired} fire again; difference median ${at(0.5)}, 99 % ${at(0.99)}, largest ${at(1)}`,
  );
}

/** What comes out when the whole reply is read in long passes. */
async function readChunked(trace: Trace, into: { fired: number; again: number; differences: number[] }): Promise<void> {
  const { prompts } = live.model;
  const { ids, judgedNew } = prompts.encodeChat(trace.head.conversation);
  const { end } = await runToEnd(
    live.engine.read({
      id: `chunked-${trace.head.id}`,
      prompt: ids,
      judged: judgedNew,
      policy: quiet.name,
      deadlineMs: 600_000,
      keepScores: true,
      forced: Int32Array.from(trace.end?.generated ?? [], ({ id }) => id),
    }),
  );
  for (const { finding } of trace.evidence) {
    if (finding.verdict !== "fired") continue;
    const row = end.everyScore?.find(({ position }) => position === finding.position);
    const score = row?.scores[DETECTORS.indexOf(finding.detector)] ?? NaN;
    into.fired += 1;
    if (score >= finding.threshold) into.again += 1;
    into.differences.push(Math.abs(score - finding.score));
  }
}

async function drain(): Promise<void> {
  while ((await work.depth()) > 0) await wait(20);
}

/** Proof: from flag to evidence while nothing else decodes; the first one starts the process. */
async function idle(): Promise<void> {
  state.busyWaitMs = 30_000;
  const took: number[] = [];
  for (let number = 0; took.length < rounds * 3; number += 1) {
    let flaggedAt = 0;
    const onEvent = (type: string) => type === "flag-raised" && (flaggedAt ||= performance.now());
    const policy = named[number % named.length]?.name ?? "";
    const trace = await live.ask(questions[number * 7] ?? "", { policy, maxTokens: 48, onEvent });
    if (!trace) continue;
    await enrichment.add(trace.head.id);
    while ((await live.enrichments.get(trace.head.id)) === undefined) await wait(5);
    took.push((performance.now() - flaggedAt) / 1000);
  }
  const warm = took.slice(1);
  say(
    `idle: from flag to evidence ${formatEstimate(estimate(warm), 2)} s (median of ${warm.length}, largest ${Math.max(...warm).toFixed(2)}; the first ${took[0]?.toFixed(2)})`,
  );
}

/** Proof: four replies at once without end; windows with the re-read always at work against windows without. */
async function load(): Promise<void> {
  state.busyWaitMs = 0;
  const run = { on: true, tokens: 0 };
  const streams = Array.from({ length: STREAMS }, async (_, stream) => {
    for (let seed = 0; run.on; seed += 1) {
      await live.ask(STORY, {
        policy: quiet.name,
        maxTokens: 128,
        seed: stream * 1000 + seed,
        onEvent: (type) => (run.tokens += Number(type === "tokens-released")),
      });
    }
  });
  const flagged = await someTraces(rounds * 8);
  const windowMs = Number(values.seconds) * 1000;
  const rate = async () => {
    const [from, began] = [run.tokens, performance.now()];
    await wait(windowMs);
    return ((run.tokens - from) * 1000) / (performance.now() - began);
  };
  const pairs: { ratio: number; alone: number }[] = [];
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const both: Record<string, number> = {};
    for (const kind of round % 2 === 0 ? ["alone", "beside"] : ["beside", "alone"]) {
      const stop = { now: kind === "alone" };
      const reading = readWithout(flagged, stop, took);
      both[kind] = await rate();
      stop.now = true;
      await reading;
    }
    pairs.push({ ratio: (both["alone"] ?? NaN) / (both["beside"] ?? NaN), alone: both["alone"] ?? NaN });
  }
  state.busyWaitMs = 30_000;
  const begun = performance.now();
  await readWithout(flagged, { now: false, once: true }, []);
  const waited = (performance.now() - begun) / 1000;
  run.on = false;
  await Promise.all(streams);
  say(
    `load: ${STREAMS} streams at ${median(pairs.map(({ alone }) => alone)).toFixed(1)} tokens a second; alone ÷ beside a re-read that never rests ${formatEstimate(estimate(pairs.map(({ ratio }) => ratio)), 3)}`,
  );
  say(
    `  one re-read beside them ${formatEstimate(estimate(took), 1)} s (${took.length}, largest ${Math.max(...took).toFixed(1)}); with 30 s of waiting for a pause first ${waited.toFixed(1)} s`,
  );
}

async function someTraces(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; ids.length < count; number += 1) {
    const trace = await live.ask(questions[number * 11] ?? "", {
      policy: named[number % named.length]?.name ?? "",
      maxTokens: 32,
    });
    if (trace) ids.push(trace.head.id);
  }
  return ids;
}

/** Reads one trace after the other until it is told to stop; the last one is waited for. */
async function readWithout(ids: string[], stop: { now: boolean; readonly once?: true }, took: number[]): Promise<void> {
  while (!stop.now) {
    const id = ids.pop();
    if (id === undefined) return;
    const began = performance.now();
    await enrichment.add(id);
    while ((await live.enrichments.get(id)) === undefined) await wait(10);
    took.push((performance.now() - began) / 1000);
    if (stop.once) return;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

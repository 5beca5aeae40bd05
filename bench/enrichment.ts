// Reading flagged traces again: how often the live firing comes out, how soon evidence is there, what it costs live traffic, and what
// keeping every tap of the live run would cost instead.
//
//   npx tsx bench/enrichment.ts [--parts reproduce,idle,load,taps] [--traces 500] [--tokens 32] [--rounds 10] [--seconds 20]
//                               [--niceness 15] [--threads 2]
//
// Texts are those of detectors/data. Live traffic runs in this process, the re-read in its own, as in the gateway.
import { homedir, loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { estimate, formatEstimate, median } from "../src/cli/statistics.ts";
import { NICENESS } from "../src/enrichment/reader-keeper.ts";
import { measureReproduction } from "./enrichment-reproduce.ts";
import { openEnrichmentRig, QUIET, STREAMS } from "./enrichment-rig.ts";
import { measureTaps } from "./enrichment-taps.ts";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "reproduce,idle,load,taps" },
    traces: { type: "string", default: "500" },
    tokens: { type: "string", default: "32" },
    rounds: { type: "string", default: "10" },
    seconds: { type: "string", default: "20" },
    niceness: { type: "string", default: String(NICENESS) },
    threads: { type: "string" },
    cache: { type: "string", default: process.env["LENSGATE_CACHE_DIR"] ?? `${homedir()}/.cache/lensgate` },
  },
});
const parts = new Set(values.parts.split(","));
const rounds = Number(values.rounds);
const maxTokens = Number(values.tokens);
const STORY = "Write a long story about a ship that sails around a cape.";

const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };
const rig = await openEnrichmentRig({ cache: values.cache, niceness: Number(values.niceness), ...threads });
sayLoad("before the start");
if (parts.has("reproduce")) {
  for (const line of await measureReproduction(rig, { wanted: Number(values.traces), maxTokens })) say(line);
}
if (parts.has("idle")) await measureIdle();
if (parts.has("load")) await measureLoad();
if (parts.has("taps")) for (const line of await measureTaps(values.cache, rounds)) say(line);
sayLoad("at the end");
await rig.close();

/** From flag to evidence while nothing else decodes. */
async function measureIdle(): Promise<void> {
  rig.pause.busyWaitMs = 30_000;
  const took: number[] = [];
  const reading: number[] = [];
  for (let number = 0; took.length <= rounds * 3; number += 1) {
    let flaggedAt = 0;
    const onEvent = (type: string) => {
      if (type === "flag-raised") flaggedAt ||= performance.now();
    };
    const trace = await rig.ask(number * 7, { maxTokens, onEvent });
    if (!trace) continue;
    reading.push(await rig.enrich(trace.head.id));
    took.push((performance.now() - flaggedAt) / 1000);
  }
  const warm = took.slice(1);
  say(
    `idle: from flag to evidence ${formatEstimate(estimate(warm), 2)} s (${warm.length} traces, largest ${Math.max(...warm).toFixed(2)}), of which the re-read ${median(reading.slice(1)).toFixed(2)}; the first, which starts the process, ${took[0]?.toFixed(2)}`,
  );
}

/** Four replies at once without end: windows beside a re-read that never rests against windows without. */
async function measureLoad(): Promise<void> {
  const flagged = await rig.gather(rounds * 8);
  await rig.enrich(flagged.pop() ?? "");
  const run = { on: true, tokens: 0 };
  const onEvent = (type: string) => {
    if (type === "tokens-released") run.tokens += 1;
  };
  const streams = Array.from({ length: STREAMS }, async (_, stream) => {
    for (let number = 0; run.on; number += 1) {
      await rig.live.ask(STORY, { policy: `${QUIET}-both`, maxTokens: 128, seed: stream * 1000 + number, onEvent });
    }
  });
  const ratios: number[] = [];
  const alone: number[] = [];
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const found = { alone: NaN, beside: NaN };
    for (const kind of round % 2 === 0 ? (["alone", "beside"] as const) : (["beside", "alone"] as const)) {
      const window = { open: kind === "beside" };
      const reading = readWhile(flagged, window, took);
      found[kind] = await rateOf(run);
      window.open = false;
      await reading;
    }
    ratios.push(found.alone / found.beside);
    alone.push(found.alone);
  }
  rig.pause.busyWaitMs = 30_000;
  const patient = await rig.enrich(flagged.pop() ?? "");
  run.on = false;
  await Promise.all(streams);
  say(
    `load: ${STREAMS} streams at ${median(alone).toFixed(1)} tokens a second; alone ÷ beside a re-read that never rests ${formatEstimate(estimate(ratios), 3)}`,
  );
  say(
    `  one re-read beside them ${formatEstimate(estimate(took), 1)} s (${took.length}, largest ${Math.max(...took).toFixed(1)}); with 30 s of waiting for a pause ${patient.toFixed(1)} s`,
  );
}

async function rateOf(run: { readonly tokens: number }): Promise<number> {
  const [from, began] = [run.tokens, performance.now()];
  await wait(Number(values.seconds) * 1000);
  return ((run.tokens - from) * 1000) / (performance.now() - began);
}

/** One trace after the other; the last one is waited for. */
async function readWhile(ids: string[], window: { readonly open: boolean }, took: number[]): Promise<void> {
  while (window.open) {
    const id = ids.pop();
    if (id === undefined) return;
    took.push(await rig.enrich(id));
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function sayLoad(when: string): void {
  say(
    `load average ${loadavg()
      .map((each) => each.toFixed(1))
      .join(" ")} ${when}; niceness ${values.niceness}`,
  );
}

// What oversight costs on the forward pass: decode and prefill with no detectors, the two shipped ones, fifty, and all
// 120 taps returned. All configurations live in one process and take turns in every round, so that a noisy machine hits
// them alike; ratios are paired within a round.
//
//   npx tsx bench/overhead.ts [--rounds 60] [--context 200]
import { parseArgs } from "node:util";
import { COMMAND_POLICY } from "../src/cli/command-engine.ts";
import { loadConfig } from "../src/config.ts";
import type { Policy } from "../src/decide/policy.ts";
import { loadKinds } from "../src/detect/kinds/registry.ts";
import { loadDetectors, type LoadedDetector } from "../src/detect/loader.ts";
import { bindingOf, resolveContextOf } from "../src/engine/open-engine.ts";
import { openParts } from "../src/engine/open-parts.ts";
import type { WorkerParts } from "../src/engine/worker-parts.ts";
import { openModel } from "../src/lens/open-model.ts";
import { everyTap, formatTap } from "../src/lens/tap.ts";
import { cacheFolder } from "../src/model/cache-folder.ts";
import { openForward } from "../src/model/forward.ts";
import { createSlot, type Slot } from "../src/model/slot.ts";
import { describe } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "60" },
    context: { type: "string", default: "200" },
    config: { type: "string", default: "gateway.yaml" },
  },
});
const rounds = Number(values.rounds);
const context = Number(values.context);

const config = loadConfig({ path: values.config });
const model = await openModel({
  folder: config.model.folder,
  cache: cacheFolder(),
  precision: "fast",
  contextTokens: 2048,
});
const kinds = await loadKinds();
const shipped = loadDetectors({
  folder: config.detectorsFolder,
  kinds,
  context: resolveContextOf(model),
  binding: bindingOf(model),
});
const template = shipped.find(({ id }) => id === "country-channel") ?? shipped[0];
if (!template) throw new Error("there are no detectors to measure");

/** Fifty concept detectors, spread over the taps of every depth. */
const fifty = Array.from({ length: 50 }, (_, index): LoadedDetector => {
  const tap = everyTap(model.facts.layers)[Math.floor((index * 4 * model.facts.layers) / 50)] ?? {
    layer: 0,
    point: "attn_out",
  };
  return { ...template, id: `many-${index}`, reads: template.reads.map((read) => ({ ...read, tap })) };
});

async function openWith(detectors: readonly LoadedDetector[]): Promise<WorkerParts> {
  const policy: Policy = {
    name: COMMAND_POLICY,
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "new",
    detectors: Object.fromEntries(detectors.map(({ id }) => [id, { action: "observe", onError: "closed" }])),
  };
  const { parts } = await openParts({
    prepared: model.prepared.folder,
    detectors,
    kindModules: [],
    policies: { [COMMAND_POLICY]: policy },
    background: { tokens: model.background.tokens, taps: model.background.taps },
    slots: 1,
    contextTokens: 2048,
    prefillChunkTokens: 64,
    threads: null,
  });
  return parts;
}

interface Candidate {
  readonly name: string;
  /** Runs ids after what the slot holds and judges every new position. */
  readonly step: (slot: Slot, ids: readonly number[]) => Promise<void>;
}

async function detectorsCandidate(name: string, detectors: readonly LoadedDetector[]): Promise<Candidate> {
  const parts = await openWith(detectors);
  const policy = parts.policies[COMMAND_POLICY] as Policy;
  return {
    name,
    async step(slot, ids) {
      const panel = parts.panel.start(policy.detectors);
      const first = slot.length;
      const result = await parts.forward.step(slot, ids, "last");
      for (const [row, token] of ids.entries()) {
        panel.judge({
          position: first + row,
          phase: "generation",
          token,
          text: "x",
          reading: (index) => parts.reader(result, row, index),
        });
      }
    },
  };
}

async function tapsCandidate(): Promise<Candidate> {
  const plan = {
    taps: everyTap(model.facts.layers).map(formatTap),
    exact: [],
    background: [],
    conceptTokens: new Int32Array(0),
    contextTokens: 2048,
  };
  const forward = await openForward({ model: model.prepared, plan });
  return { name: "120 taps returned", step: async (slot, ids) => void (await forward.step(slot, ids, "last")) };
}

const candidates = [
  await detectorsCandidate("no detectors", []),
  await detectorsCandidate("two shipped", shipped),
  await detectorsCandidate("fifty concepts", fifty),
  await tapsCandidate(),
];

const prompt = Array.from({ length: context }, (_, index) => 1000 + ((index * 7919) % 40_000));
const slots = candidates.map(() => createSlot(model.prepared.manifest.architecture));
const prefill = candidates.map(() => [] as number[]);
const decode = candidates.map(() => [] as number[]);
for (let round = -2; round < rounds; round += 1) {
  for (let turn = 0; turn < candidates.length; turn += 1) {
    const index = (turn + round + 2) % candidates.length;
    const [candidate, slot] = [candidates[index] as Candidate, slots[index] as Slot];
    slot.clear();
    const began = performance.now();
    for (let at = 0; at < prompt.length; at += 64) await candidate.step(slot, prompt.slice(at, at + 64));
    const between = performance.now();
    for (let token = 0; token < 8; token += 1) await candidate.step(slot, [2000 + token]);
    const ended = performance.now();
    if (round < 0) continue;
    prefill[index]?.push((between - began) / prompt.length);
    decode[index]?.push((ended - between) / 8);
  }
}

const ratios = (series: readonly number[], base: readonly number[]) =>
  series.map((value, round) => value / (base[round] ?? NaN));
console.log(`${rounds} interleaved rounds, context ${context}; medians with 95 % bootstrap intervals`);
console.log("configuration        decode ms/token        ratio                  prefill ms/token       ratio");
candidates.forEach(({ name }, index) => {
  const cells = [decode, prefill].flatMap((series) => [
    describe(series[index] ?? []),
    describe(ratios(series[index] ?? [], series[0] ?? []), 3),
  ]);
  console.log([name.padEnd(20), ...cells.map((cell) => cell.padEnd(22))].join(" "));
});
process.exit(0);

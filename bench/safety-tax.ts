// The safety tax, checked: what the estimate says that aborts saved, against a replay of the same traffic in monitor mode.
//
//   npx tsx bench/safety-tax.ts [--rows 120] [--tokens 48] [--enforce demo] [--monitor monitor-demo] [--config gateway.yaml]
//
// Every question is answered under both policies with the same seed, one after the other. The estimate sees the enforced
// replies alone and takes every abort as confirmed; the replay shows what those replies would have cost. Times are those of
// passes and judging, without waiting.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openDetectors } from "../src/cli/command-engine.ts";
import { openConfiguredModel } from "../src/cli/command-model.ts";
import { median } from "../src/cli/statistics.ts";
import { loadConfig } from "../src/config.ts";
import { openEngine, workerSettingsOf } from "../src/engine/open-engine.ts";
import type { RunEnd } from "../src/engine/engine.ts";
import type { LensShares } from "../src/engine/lens-share.ts";
import { startLensShareRun } from "../src/engine/lens-share-run.ts";
import { createLogger } from "../src/log.ts";
import type { AddTo } from "../src/metrics/serving-metrics.ts";
import { createTax, type ConfirmedAbort } from "../src/metrics/tax.ts";
import { drawsFrom, shuffled } from "../src/training/random.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "120" },
    tokens: { type: "string", default: "48" },
    enforce: { type: "string", default: "demo" },
    monitor: { type: "string", default: "monitor-demo" },
    config: { type: "string", default: "gateway.yaml" },
  },
});
const maxTokens = Number(values.tokens);

const config = loadConfig({ path: values.config });
const model = await openConfiguredModel(config);
const detectors = await openDetectors({ config, model });
const { slots, prefillChunkTokens, waitingLimit, threads } = config.engine;
const options = {
  model,
  detectors,
  kindModules: config.kindModules,
  policies: config.policies,
  slots,
  prefillChunkTokens,
  waitingLimit,
  ...(threads === undefined ? {} : { threads }),
  retryAfterMs: config.timeouts.retryAfterMs,
  log: createLogger("fatal"),
};
const engine = openEngine(options);
await engine.ready;

const shares = await new Promise<LensShares>((resolve) => {
  const settings = workerSettingsOf(options);
  startLensShareRun({ settings, status: engine.status, onShares: resolve, log: options.log, idleMs: 100 });
});

const sums = new Map<string, number>();
const add: AddTo = (series, { part = "" }, amount) =>
  void sums.set(`${series} ${part}`, (sums.get(`${series} ${part}`) ?? 0) + amount);
const sumOf = (name: string): number => sums.get(name) ?? 0;
const tax = createTax({ add, set: () => undefined });
tax.learn(shares);

/** Everyday questions and questions about countries, half and half, in a fixed order. */
function readQuestions(count: number): string[] {
  const everyday = JSON.parse(readFileSync("scripts/data/everyday-questions.json", "utf8")) as Record<string, string[]>;
  const country = readFileSync("detectors/data/country.jsonl", "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { label: number; text: string })
    .flatMap(({ label, text }) => (label === 1 && text.endsWith("?") ? [text] : []));
  const draw = drawsFrom(11);
  const half = Math.ceil(count / 2);
  const chosen = [shuffled(Object.values(everyday).flat(), draw), shuffled(country, draw)];
  return shuffled(
    chosen.flatMap((questions) => questions.slice(0, half)),
    draw,
  ).slice(0, count);
}

async function answer(content: string, name: string, seed: number): Promise<RunEnd> {
  const policy = config.policies[name];
  if (policy === undefined) throw new Error(`there is no policy ${name}`);
  const { ids, judgedNew } = model.prompts.encodeChat([{ role: "user", content }]);
  const run = engine.generate({
    id: `${name} ${seed}`,
    prompt: ids,
    judged: judgedNew,
    policy,
    deadlineMs: 600_000,
    sampling: { temperature: 0.7, topP: 0.95, topK: 0, seed },
    maxTokens,
    stop: [],
  });
  for await (const event of run) if (event.type === "run-ended") return event;
  throw new Error("a run stopped without an end");
}

const costOf = ({ timing }: RunEnd): number =>
  (timing.passMs?.prefill ?? 0) + (timing.passMs?.decode ?? 0) + timing.judgeMs;

const aborts: ConfirmedAbort[] = [];
const rest: { readonly ms: number; readonly tokens: number }[] = [];
let [enforcedMs, monitoredMs] = [0, 0];
const questions = readQuestions(Number(values.rows));
for (const [seed, question] of questions.entries()) {
  const enforced = await answer(question, values.enforce, seed);
  const monitored = await answer(question, values.monitor, seed);
  tax.runEnded({ operation: "chat", model: model.facts.name, policy: values.enforce, maxTokens, end: enforced });
  enforcedMs += costOf(enforced);
  monitoredMs += costOf(monitored);
  if (enforced.reason !== "abort") continue;
  aborts.push({ maxTokens, generatedTokens: enforced.generated.length });
  rest.push({
    ms: costOf(monitored) - costOf(enforced),
    tokens: monitored.generated.length - enforced.generated.length,
  });
}
for (const abort of aborts) tax.confirmed(abort);
await engine.close();

const total = (of: (each: (typeof rest)[number]) => number): number => rest.reduce((sum, each) => sum + of(each), 0);
const seconds = (ms: number): string => (ms / 1000).toFixed(2);
const saved = sumOf("taxSaved ") * 1000;
const spent = [sumOf("taxSpent lens") * 1000, sumOf("taxSpent judging") * 1000] as const;
const [lens, judging] = spent;
process.stdout
  .write(`${questions.length} questions, ${maxTokens} tokens at most; ${aborts.length} aborts, after ${median(aborts.map(({ generatedTokens }) => generatedTokens))} tokens in the median
computing          enforced ${seconds(enforcedMs)} s, replayed in monitor mode ${seconds(monitoredMs)} s
saved, estimate    ${seconds(saved)} s
saved, replay      ${seconds(total(({ ms }) => ms))} s, ${total(({ tokens }) => tokens)} tokens; estimate / replay ${(saved / total(({ ms }) => ms)).toFixed(3)}
spent              ${seconds(lens + judging)} s: lens ${seconds(lens)} s (share of decode ${shares.decode.toFixed(3)}, of prefill ${shares.prefill.toFixed(3)}), judging ${seconds(judging)} s; of all computing ${((lens + judging) / enforcedMs).toFixed(3)}
`);
process.exit(0);

// Tokens a second and time to the first token through HTTP, for 1, 2 and 4 clients at once, against the engine alone.
//
//   npm run build && npx tsx bench/http.ts [--rounds 10] [--tokens 64] [--entry build|sources] [--config gateway.yaml]
//
// The gateway is a process of its own, the engine a worker of this one. Both serve the same chat under the default policy
// and take turns in every round; ratios are paired within a round.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openDetectors } from "../src/cli/command-engine.ts";
import { openConfiguredModel } from "../src/cli/command-model.ts";
import { estimate, formatEstimate, median } from "../src/cli/statistics.ts";
import { loadConfig } from "../src/config.ts";
import type { Policy } from "../src/decide/policy.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { createLogger } from "../src/log.ts";
import { startGatewayProcess } from "../test/support/gateway-process.ts";

const CONTENT = "Write a long story about a ship that sails around a cape.";
const CLIENTS = [1, 2, 4];
const WARM_UP_ROUNDS = 1;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    tokens: { type: "string", default: "64" },
    entry: { type: "string", default: "build" },
    config: { type: "string", default: "gateway.yaml" },
  },
});
const maxTokens = Number(values.tokens);

/** One reply: its tokens, and milliseconds from asking to the first one. */
interface Reply {
  readonly tokens: number;
  readonly firstMs: number;
}

const config = loadConfig({ path: values.config });
const model = await openConfiguredModel(config);
const detectors = await openDetectors({ config, model });
const policy = config.policies[config.defaultPolicy] as Policy;
const engine = openEngine({
  model,
  detectors,
  kindModules: config.kindModules,
  policies: config.policies,
  slots: config.engine.slots,
  prefillChunkTokens: config.engine.prefillChunkTokens,
  waitingLimit: config.engine.waitingLimit,
  ...(config.engine.threads === undefined ? {} : { threads: config.engine.threads }),
  retryAfterMs: config.timeouts.retryAfterMs,
  log: createLogger("fatal"),
});
await engine.ready;
const state = mkdtempSync(join(tmpdir(), "lensgate-bench-"));
const gateway = await startGatewayProcess(resolve(values.config), {
  entry: values.entry === "sources" ? "sources" : "build",
  environment: { LENSGATE_STATE_DIR: state },
});

let requests = 0;

async function askEngine(): Promise<Reply> {
  const began = performance.now();
  const { ids, judgedNew } = model.prompts.encodeChat([{ role: "user", content: CONTENT }]);
  const run = engine.generate({
    id: `bench-${(requests += 1)}`,
    prompt: ids,
    judged: judgedNew,
    policy,
    deadlineMs: config.timeouts.totalMs,
    sampling: { temperature: 0, topP: 1, topK: 0, seed: 0 },
    maxTokens,
    stop: [],
  });
  let [tokens, firstMs] = [0, NaN];
  for await (const event of run) {
    if (event.type !== "tokens-released") continue;
    if (tokens === 0) firstMs = performance.now() - began;
    tokens += event.tokens.length;
  }
  return { tokens, firstMs };
}

async function askGateway(): Promise<Reply> {
  const began = performance.now();
  const response = await fetch(`${gateway.api}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: config.model.name,
      messages: [{ role: "user", content: CONTENT }],
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
  if (!response.ok || !response.body) throw new Error(`the gateway said ${response.status}`);
  let [text, firstMs] = ["", NaN];
  const decoder = new TextDecoder();
  for await (const piece of response.body) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (Number.isNaN(firstMs) && /"delta":\{"content":"./.test(text)) firstMs = performance.now() - began;
  }
  return { tokens: Number(/"completion_tokens":(\d+)/.exec(text)?.[1]), firstMs };
}

/** So many at once: tokens a second of all together, and the middle time to a first token. */
async function measure(ask: () => Promise<Reply>, clients: number) {
  const began = performance.now();
  const replies = await Promise.all(Array.from({ length: clients }, ask));
  const seconds = (performance.now() - began) / 1000;
  const tokens = replies.reduce((sum, reply) => sum + reply.tokens, 0);
  return { rate: tokens / seconds, firstMs: median(replies.map((reply) => reply.firstMs)) };
}

try {
  console.log(
    `${model.facts.name}, ${model.facts.precision}; ${values.rounds} interleaved rounds, ${maxTokens} tokens a reply; medians with 95 % intervals`,
  );
  console.log(
    "clients   tokens/s, HTTP          tokens/s, engine        HTTP / engine           first token ms, HTTP    first token ms, engine",
  );
  for (const clients of CLIENTS.filter((count) => count <= config.engine.slots)) {
    const series = {
      http: [] as number[],
      engine: [] as number[],
      ratio: [] as number[],
      httpFirst: [] as number[],
      engineFirst: [] as number[],
    };
    for (let round = -WARM_UP_ROUNDS; round < Number(values.rounds); round += 1) {
      const http = await measure(askGateway, clients);
      const alone = await measure(askEngine, clients);
      if (round < 0) continue;
      series.http.push(http.rate);
      series.engine.push(alone.rate);
      series.ratio.push(http.rate / alone.rate);
      series.httpFirst.push(http.firstMs);
      series.engineFirst.push(alone.firstMs);
    }
    const cells = [
      [series.http, 1],
      [series.engine, 1],
      [series.ratio, 3],
      [series.httpFirst, 0],
      [series.engineFirst, 0],
    ] as const;
    const shown = cells.map(([each, digits]) => formatEstimate(estimate(each), digits).padEnd(23));
    console.log([String(clients).padEnd(9), ...shown].join(" ").trimEnd());
  }
} finally {
  await gateway.end("SIGTERM");
  await engine.close();
  rmSync(state, { recursive: true, force: true });
}

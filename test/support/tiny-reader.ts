import type { Policy } from "../../src/decide/policy.ts";
import type { LoadedDetector } from "../../src/detect/loader.ts";
import type { WorkerSettings } from "../../src/engine/messages.ts";
import { openParts } from "../../src/engine/open-parts.ts";
import type { ReaderSettings } from "../../src/enrichment/reader-settings.ts";
import { NO_LENS_MAPS } from "../../src/lens/lens-maps.ts";
import { everyTap, formatTap, parseTap } from "../../src/lens/tap.ts";
import type { EncodedPrompt } from "../../src/model/prompt.ts";
import type { Trace, TraceEnd } from "../../src/trace/trace.ts";
import { sampleHead } from "../conformance/samples.ts";
import { generateRequest } from "./engine-parts.ts";
import { endOf, eventsOf, openRig } from "./engine-rig.ts";
import { loadedDetector } from "./scripted-kind.ts";
import { openTiny, TINY } from "./tiny-model.ts";

/** A concept at one tap, a probe at two, and a mean over all that was judged. Thresholds that every text reaches. */
export const TINY_DETECTORS: readonly LoadedDetector[] = [
  loadedDetector("concept", {
    kind: "concept",
    reads: [{ tap: parseTap("1.mlp_out", TINY.layers), tokens: [40, 41], yardstick: "background" }],
    resolved: {
      taps: ["1.mlp_out"],
      names: ["a"],
      nameOfToken: [0, 0],
      combine: "max",
      score: "log_odds",
      yardstick: "background",
    },
    threshold: -100,
  }),
  loadedDetector("probe", {
    kind: "probe",
    reads: [
      {
        taps: [parseTap("0.attn_out", TINY.layers), parseTap("1.resid_post", TINY.layers)],
        directions: Float32Array.from({ length: 2 * TINY.hidden }, (_, index) => Math.cos(index) / 8),
        bias: 0.5,
      },
    ],
    resolved: { taps: ["0.attn_out", "1.resid_post"], sha256: "" },
    aggregate: { type: "mean", weight: 1, start: 0 },
    threshold: -100,
    positions: "generation",
  }),
];

/** A policy that flags both. */
export const TINY_POLICY: Policy = {
  name: "tiny",
  mode: "enforce",
  holdTokens: 1,
  onAbort: "finish",
  promptScope: "new",
  detectors: {
    concept: { action: "flag", onError: "closed" },
    probe: { action: "flag", onError: "closed" },
  },
};

/** What the caller wrote: ids that a test made up. */
export const TINY_PROMPT: EncodedPrompt = {
  ids: Int32Array.from({ length: 40 }, (_, index) => 35 + ((index * 7) % 90)),
  judgedAll: Uint8Array.from({ length: 40 }, (_, index) => Number(index > 20)),
  judgedNew: Uint8Array.from({ length: 40 }, (_, index) => Number(index > 30)),
};

/** An encoder that gives `TINY_PROMPT` for everything. */
export const TINY_PROMPTS = { encodeChat: () => TINY_PROMPT, encodeText: () => TINY_PROMPT };

/** The tiny model's settings, live and for reading again. */
export async function tinySettings(policy: Policy = TINY_POLICY) {
  const model = await openTiny("fast");
  const live: WorkerSettings = {
    prepared: model.folder,
    detectors: TINY_DETECTORS,
    kindModules: [],
    background: { tokens: Int32Array.from({ length: 32 }, (_, index) => 60 + index), taps: new Map() },
    lenses: NO_LENS_MAPS,
    slots: 1,
    contextTokens: 128,
    prefillChunkTokens: 16,
    threads: 1,
  };
  const taps = everyTap(TINY.layers).map(formatTap);
  const filled = (at: number) => Float32Array.from({ length: TINY.hidden }, (_, index) => Math.sin(at + index) / 4);
  const means = new Map(taps.map((tap, index) => [tap, filled(index)]));
  const again: ReaderSettings = {
    worker: { ...live, extraTaps: taps, judgeLimitMs: Infinity },
    policies: { [policy.name]: policy },
    model: { name: "tiny", sha256: "ab".repeat(32), precision: "fast" },
    taps,
    statistics: { means, normedMeans: means },
    tuned: null,
    sample: Array.from({ length: 100 }, (_, index) => (index * 37 + 5) % 128),
  };
  return { model, live, again, policy };
}

/** What the tiny model writes under. */
type TinyLive = Pick<Awaited<ReturnType<typeof tinySettings>>, "live" | "model" | "policy">;

/** Lets the tiny model write 30 tokens under the live settings, and records what was flagged. */
export async function tinyTrace(tiny: TinyLive): Promise<Trace> {
  return (await tinyRun(tiny)).trace;
}

/** The same with every live score. */
export async function tinyRun({ live, model, policy }: TinyLive) {
  const { parts } = await openParts(live);
  const request = generateRequest(TINY_PROMPT.ids, {
    judged: TINY_PROMPT.judgedNew,
    policy,
    maxTokens: 30,
    keepScores: true,
  });
  const events = await eventsOf(openRig(parts, model).generate(request));
  await parts.forward.close();
  const { reason, decision, promptTokens, releasedTokens, generated, scores, everyScore = [] } = endOf(events);
  const end: TraceEnd = { endedAt: 0, reason, decision, promptTokens, releasedTokens, generated, scores };
  const detectorHashes = Object.fromEntries(TINY_DETECTORS.map(({ id, hash }) => [id, hash]));
  const trace: Trace = {
    head: sampleHead(1, { policy: policy.name, detectorHashes }),
    state: "complete",
    evidence: events.flatMap((event) => (event.type === "flag-raised" ? [event.evidence] : [])),
    end,
    queued: true,
    sample: null,
  };
  return { trace, every: everyScore };
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Enrichment } from "../../src/enrichment/enrichment.ts";
import { openTraceReader, type TraceReader } from "../../src/enrichment/trace-reader.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { onePolicy, openFlaggedTraces, WATCHED, type FlaggedTraces } from "../support/flagged-traces.ts";
import { TEST_CACHE } from "../support/prepared-model.ts";

const POLICIES = {
  stop: onePolicy("stop", { "country-channel": "abort", "audit-watched": "flag" }, { continuationTokens: 6 }),
  watch: onePolicy("watch", { "audit-watched": "flag", "country-channel": "observe" }),
};

let live: FlaggedTraces;
let reader: TraceReader;
let stopped: Trace;
let watched: Trace;
beforeAll(async () => {
  live = await openFlaggedTraces({ policies: POLICIES, cache: TEST_CACHE, threads: 2 });
  stopped = await flagged("Tell me about sushi.", "stop");
  watched = await flagged(WATCHED, "watch");
  reader = await openTraceReader(await live.settings(1), () => 1_000);
}, 120_000);
afterAll(async () => {
  await reader.close();
  await live.close();
});

async function flagged(question: string, policy: keyof typeof POLICIES): Promise<Trace> {
  const trace = await live.ask(question, { policy });
  if (!trace) throw new Error(`nothing was flagged in "${question}"`);
  return trace;
}

async function read(trace: Trace): Promise<Enrichment> {
  const found = await reader.read(trace);
  if ("failed" in found) throw new Error(found.failed);
  return found;
}

describe("reading a trace again", () => {
  it("gives the live scores to the last bit, with one thread and every tap where the live run had two and a few", async () => {
    for (const trace of [stopped, watched]) {
      const { reread } = await read(trace);
      expect(reread.length).toBeGreaterThan(1);
      expect(reread.every(({ difference }) => difference === 0)).toBe(true);
      expect(reread[0]).toMatchObject({ reproduced: true, detector: trace.evidence[0]?.finding.detector });
    }
  });

  it("draws the concept at every tap, with the detector's own scores at its own tap", async () => {
    const { pictures, taps, positions, firing } = await read(stopped);
    const [picture] = pictures;
    expect(taps).toHaveLength(120);
    expect(taps.slice(0, 5)).toEqual(["0.attn_out", "0.resid_mid", "0.mlp_out", "0.resid_post", "1.attn_out"]);
    expect(picture).toMatchObject({ detector: "country-channel", unit: "log-odds", liveTaps: ["23.attn_out"] });
    expect(picture?.values).toHaveLength(120);
    expect(picture?.values.every((line) => line.length === positions.length && !line.includes(null))).toBe(true);
    const at = positions.findIndex(({ position }) => position === firing.position);
    const { finding } = stopped.evidence[0] ?? {};
    const raw = finding?.verdict === "fired" ? finding.raw : NaN;
    expect(picture?.values[taps.indexOf("23.attn_out")]?.[at]).toBeCloseTo(raw, 3);
  });

  it("names each position, and whether it had left", async () => {
    const { positions } = await read(stopped);
    const prompt = stopped.end?.promptTokens ?? 0;
    const reply = positions.filter(({ position }) => position >= prompt);
    expect(reply.map(({ text }) => text).join("")).toBe(stopped.end?.generated.map(({ text }) => text).join(""));
    expect(reply.filter(({ released }) => released === true)).toHaveLength(stopped.end?.releasedTokens ?? -1);
    expect(positions.filter(({ released }) => released === null)).toHaveLength(prompt);
    expect(positions[0]?.text).toBe("<|im_start|>");
  });

  it("ranks the tokens of every layer by probability, and by lift over ordinary text", async () => {
    const { layers } = await read(stopped);
    expect(layers.map(({ tap }) => tap)).toHaveLength(120);
    const channel = layers.find(({ tap }) => tap === "23.attn_out");
    expect(channel?.byProbability).toHaveLength(10);
    expect(channel?.byProbability.map(({ text }) => text)).toContain(" Japanese");
    const live = stopped.evidence[0]?.lens.find(({ tap }) => tap === "23.attn_out")?.top[0];
    expect(channel?.byProbability[0]?.id).toBe(live?.id);
    expect(channel?.byProbability[0]?.probability).toBeCloseTo(live?.probability ?? NaN, 5);
    const lifts = channel?.byLift?.map(({ lift }) => lift) ?? [];
    expect(lifts).toEqual(lifts.toSorted((left, right) => right - left));
    expect(channel?.byLift?.[0]?.percentile).toBeGreaterThan(95);
  });

  it("shows what each token gave to a probe's score", async () => {
    const { contributions, pictures, positions, reread } = await read(watched);
    const own = contributions.filter(({ detector }) => detector === "audit-watched");
    const taps = pictures.find(({ detector }) => detector === "audit-watched")?.liveTaps ?? [];
    expect(own.map(({ tap }) => tap)).toEqual(taps);
    const judged = own[0]?.values.filter((value) => value !== null) ?? [];
    expect(judged.length).toBeGreaterThan(10);
    expect(own[0]?.values).toHaveLength(positions.length);
    // The mean of all: what the tokens gave and the bias add up to the score, but for the starting value and older tokens.
    const sum = own.flatMap(({ values }) => values).reduce<number>((total, value) => total + (value ?? 0), 0);
    expect(Math.abs(sum + (own[0]?.bias ?? NaN) - (reread[0]?.score ?? NaN))).toBeLessThan(1);
  });

  it("goes on where a policy stopped the reply only as far as the policy says", async () => {
    const { continuation } = await read(stopped);
    expect(continuation?.tokens).toBe(6);
    expect(continuation?.text).toContain("Japan");
    expect((await read(watched)).continuation).toBeNull();
  });

  it("is plain data that JSON keeps", async () => {
    const found = await read(stopped);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(found).toMatchObject({ version: 1, traceId: stopped.head.id, madeAt: 1_000, tookMs: 0 });
  });

  it("says why a trace cannot be read as it was", async () => {
    const why = async (changed: Trace) => {
      const found = await reader.read(changed);
      return "failed" in found ? found.failed : "";
    };
    const { head } = stopped;
    expect(await why({ ...stopped, head: { ...head, policy: "gone" } })).toContain("gone is not configured");
    expect(await why({ ...stopped, head: { ...head, model: { ...head.model, sha256: "x" } } })).toContain(
      "another model",
    );
    const conversation = [{ role: "user", content: "Tell me about pasta." }];
    expect(await why({ ...stopped, head: { ...head, conversation } })).toMatch(/token/);
    expect(await why({ ...stopped, head: { ...head, detectorHashes: {} } })).toContain(
      "country-channel is not the one",
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bindingOf, openEngine, resolveContextOf } from "../../src/engine/open-engine.ts";
import type { WorkerEngine } from "../../src/engine/worker-engine.ts";
import { openModel, type OpenModel } from "../../src/lens/open-model.ts";
import { createLogger } from "../../src/log.ts";
import { generateRequest, policyOf } from "../support/engine-parts.ts";
import { endOf, eventsOf, releasedText } from "../support/engine-rig.ts";
import { TEST_CACHE, VENDORED_FOLDER } from "../support/prepared-model.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

let model: OpenModel;
let engine: WorkerEngine;
const policy = policyOf({ detectors: { word: {} } });
beforeAll(async () => {
  model = await openModel({ folder: VENDORED_FOLDER, cache: TEST_CACHE, precision: "fast", contextTokens: 256 });
  const word = loadedDetector("word", {
    kind: "pattern",
    resolved: { patterns: [{ source: "8", flags: "", name: "eight" }] },
  });
  engine = openEngine({
    model,
    // No policy names the second one, so nobody misses its kind.
    detectors: [word, loadedDetector("unused", { kind: "nowhere" })],
    kindModules: [],
    policies: { [policy.name]: policy },
    slots: 1,
    prefillChunkTokens: 64,
    waitingLimit: 0,
    retryAfterMs: 1_000,
    log: createLogger("silent"),
  });
  await engine.ready;
});
afterAll(() => engine.close());

describe("openEngine", () => {
  it("runs the detectors that some policy names on the model, and leaves the others alone", async () => {
    const { ids } = model.prompts.encodeText("1, 2, 3, 4, 5,");
    const events = await eventsOf(engine.generate(generateRequest(ids, { policy, maxTokens: 20 })));
    expect(releasedText(events)).toBe(" 6, 7, ");
    expect(endOf(events)).toMatchObject({ reason: "abort", decision: { detector: "word" } });
  });

  it("has the facts of the model and refuses what is longer than the context", () => {
    expect(engine.model).toMatchObject({ name: "smollm2-135m-instruct", contextTokens: 256, layers: 30 });
    const long = generateRequest(new Int32Array(257).fill(1));
    expect(() => engine.generate(long)).toThrow("The request has 257 tokens, one may hold 256.");
  });
});

describe("resolveContextOf", () => {
  it("gives detectors the model's layers and words", () => {
    const context = resolveContextOf(model);
    const id = context.tokenOf(" Germany") ?? -1;
    expect([context.layers, context.textOf(id), context.encode(" Germany")]).toEqual([30, " Germany", [id]]);
    const { sha256: modelSha256, hidden } = model.facts;
    expect(context).toMatchObject({ hidden, modelSha256, precision: "fast", lenses: ["logit", "centred"] });
    expect(resolveContextOf({ ...model, lensHashes: { logit: null, centred: null, tuned: "a" } }).lenses).toEqual([
      "logit",
      "tuned",
    ]);
  });
});

describe("bindingOf", () => {
  it("names everything that a threshold depends on", () => {
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(bindingOf(model)).toEqual({
      modelSha256: model.facts.sha256,
      precision: "fast",
      formatVersion: model.facts.formatVersion,
      chatTemplateSha256: hash,
      backgroundSha256: model.background.sha256,
      lensSha256: { logit: null, centred: hash, tuned: null },
    });
  });
});

import { describe, expect, it } from "vitest";
import { openDetectors } from "../../src/cli/command-engine.ts";
import { openConfiguredModel } from "../../src/cli/command-model.ts";
import { measureCosts } from "../../src/cli/overseer-costs.ts";
import { loadConfig } from "../../src/config.ts";
import { TEST_CACHE } from "../support/prepared-model.ts";

const path = new URL("../../gateway.yaml", import.meta.url).pathname;
const config = { ...loadConfig({ path, environment: {} }), cacheDir: TEST_CACHE };

const ids = (...values: number[]) => Int32Array.from(values);

describe("the costs of a comparison", () => {
  it("are those of the same reply, made without detectors, made with them, and asked about", async () => {
    const model = await openConfiguredModel(config);
    const detectors = await openDetectors({ config, model, only: ["country-channel"] });
    const reply = { prompt: ids(1, 2, 3), tokens: ids(4, 5, 6, 7), questions: [ids(8, 9), ids(10, 11)] };
    const loads: [number, number][] = [];
    // Ten milliseconds for whatever happens between two looks at the clock.
    let nowMs = 0;
    const costs = await measureCosts({
      config,
      model,
      detectors,
      replies: [reply],
      loads: 2,
      onLoad: (done, total) => loads.push([done, total]),
      now: () => (nowMs += 10),
    });
    const always = (value: number) => ({ median: value, low: value, high: value });
    expect(costs).toEqual({
      replyMs: always(20),
      decodeMs: always(2.5),
      detectorsMs: always(0),
      detectorsTokenMs: always(0),
      detectorsShare: always(0),
      judgeMs: always(10),
      judgeShare: always(0.5),
      questionsShare: always(1),
      // Three of four tokens more, then two questions.
      heldBackMs: always(27.5),
    });
    expect(loads).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it("need a reply with a token", async () => {
    const model = await openConfiguredModel(config);
    const measured = measureCosts({ config, model, detectors: [], replies: [], loads: 1 });
    await expect(measured).rejects.toThrow("no reply has a token: there is nothing to measure costs on");
  });
});

import { describe, expect, it } from "vitest";
import { bench, formatRows } from "../../src/cli/bench.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

describe("lensgate bench", () => {
  it("measures the configured model and detectors, and prints a row for each setting", async () => {
    const { path, remove } = writeLiveConfig({ detectors: { eager: { at: { prompt: 1 } } }, policies: {} });
    const flags = { config: path, rounds: 1, context: 4 };
    try {
      const json = JSON.parse(await bench({ ...flags, json: true })) as { rows: { name: string; decodeMs: object }[] };
      expect(json).toMatchObject({ model: "smollm2-135m-instruct", precision: "fast", rounds: 1, context: 4 });
      // A detector that reads no tap cannot be spread over fifty, nor stand for a concept among the mixed ones.
      const names = json.rows.map(({ name }) => name);
      expect(names).toEqual(["no detectors", "1 configured", "12 mixed", "120 taps returned"]);
      for (const { decodeMs } of json.rows) expect(decodeMs).toMatchObject({ median: expect.any(Number) as number });
    } finally {
      remove();
    }
  });

  it("refuses a context that does not fit, before the model is loaded", async () => {
    const { path, remove } = writeLiveConfig({
      detectors: {},
      policies: {},
      fields: { engine: { context_tokens: 128 } },
    });
    const refused = bench({ config: path, rounds: 1, context: 121, json: false });
    await expect(refused).rejects.toThrow("--context 121 does not fit engine.context_tokens; give at most 120");
    remove();
  });
});

describe("formatRows", () => {
  it("gives a line a setting under a head line, with medians and intervals", () => {
    const estimate = (median: number) => ({ median, low: median - 0.1, high: median + 0.1 });
    const row = {
      decodeMs: estimate(10),
      decodeRatio: estimate(1),
      prefillMs: estimate(2),
      prefillRatio: estimate(1.02),
    };
    const [head, line] = formatRows([{ name: "two", ...row }]);
    expect(head?.trim().split(/ {2,}/)).toEqual(["decode ms/token", "ratio", "prefill ms/token", "ratio"]);
    expect(line?.split(/ {2,}/)).toEqual([
      "two",
      "10.00 [9.90, 10.10]",
      "1.000 [0.900, 1.100]",
      "2.00 [1.90, 2.10]",
      "1.020 [0.920, 1.120]",
    ]);
  });
});

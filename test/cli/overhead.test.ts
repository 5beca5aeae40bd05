import { expect, test } from "vitest";
import { openDetectors } from "../../src/cli/command-engine.ts";
import { openConfiguredModel } from "../../src/cli/command-model.ts";
import { measureOverhead } from "../../src/cli/overhead.ts";
import { loadConfig } from "../../src/config.ts";
import { TEST_CACHE } from "../support/prepared-model.ts";

const path = new URL("../../gateway.yaml", import.meta.url).pathname;
const config = { ...loadConfig({ path, environment: {} }), cacheDir: TEST_CACHE };

test("every setting takes its turn in every round, and its time is told for a token and against no detectors", async () => {
  const model = await openConfiguredModel(config);
  const detectors = await openDetectors({ config, model });
  const rounds: [number, number][] = [];
  // Ten milliseconds for whatever happens between two looks at the clock.
  let nowMs = 0;
  const rows = await measureOverhead({
    config,
    model,
    detectors,
    rounds: 1,
    contextTokens: 20,
    onRound: (done, total) => rounds.push([done, total]),
    now: () => (nowMs += 10),
  });
  expect(rows.map(({ name }) => name)).toEqual([
    "no detectors",
    `${detectors.length} configured`,
    "20 mixed",
    "50 concepts",
    "120 taps returned",
  ]);
  const always = (value: number) => ({ median: value, low: value, high: value });
  for (const row of rows) {
    expect(row).toMatchObject({ prefillMs: always(10 / 20), decodeMs: always(10 / 8) });
    expect(row).toMatchObject({ prefillRatio: always(1), decodeRatio: always(1) });
  }
  expect(rounds).toEqual([[1, 1]]);
});

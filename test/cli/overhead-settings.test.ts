import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openDetectors } from "../../src/cli/command-engine.ts";
import { openConfiguredModel } from "../../src/cli/command-model.ts";
import { planSettings } from "../../src/cli/overhead-settings.ts";
import { loadConfig } from "../../src/config.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

const KIND = fileURLToPath(new URL("../fixtures/kinds/position-script.mjs", import.meta.url));
const definition = {
  description: "Does what a test wrote down.",
  kind: "position-script",
  options: { scores: {} },
  positions: "both",
  aggregate: { type: "max", window: 1 },
  threshold: 1,
  calibration: { status: "uncalibrated", note: "for tests" },
};

test("a setting runs ids after those that its slot holds, and its detectors judge every one of them", async () => {
  const live = writeLiveConfig({ detectors: { noting: definition }, policies: {}, fields: { kinds: [KIND] } });
  try {
    const config = loadConfig({ path: live.path, environment: {} });
    const model = await openConfiguredModel(config);
    const [detector] = await openDetectors({ config, model });
    if (!detector) throw new Error("the detector is missing");
    const judged: number[] = [];
    const scores = new Proxy({}, { get: (_, position) => (judged.push(Number(position)), 0) });
    const planned = planSettings({ config, model, detectors: [{ ...detector, resolved: { scores } }] });
    const judgedBy: Record<string, number[]> = {};
    for (const { name, open } of planned) {
      const setting = await open();
      const step = setting.start();
      await step([1, 2, 3]);
      await step([4]);
      expect(setting.slot.length).toBe(4);
      await setting.close();
      judgedBy[name] = judged.splice(0);
    }
    // A detector that reads no tap cannot be spread over fifty, nor stand for a concept among the mixed ones.
    expect(judgedBy).toEqual({
      "no detectors": [],
      "1 configured": [0, 1, 2, 3],
      "12 mixed": [],
      "120 taps returned": [],
    });
  } finally {
    live.remove();
  }
});

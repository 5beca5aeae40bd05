import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { engineOptions, type EngineParts } from "../../src/gateway/running.ts";
import { noteLog, writeLiveConfig } from "../support/live-gateway.ts";

test("the engine is opened as the configuration says, and its threads are left to the run time where it says nothing", () => {
  const open = (engine: object) => {
    const { path, remove } = writeLiveConfig({ detectors: {}, policies: {}, fields: { engine } });
    const config = loadConfig({ path, environment: {} });
    remove();
    const parts = { config, log: noteLog([]), model: {} as EngineParts["model"], detectors: [] };
    return { options: engineOptions(parts), config };
  };
  const { options, config } = open({ slots: 2, waiting_limit: 7, prefill_chunk_tokens: 32 });
  expect(options).toMatchObject({ slots: 2, waitingLimit: 7, prefillChunkTokens: 32, policies: config.policies });
  expect(options).not.toHaveProperty("threads");
  expect(open({ threads: 3 }).options.threads).toBe(3);
});

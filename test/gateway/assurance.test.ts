import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { startAssurance } from "../../src/gateway/assurance.ts";
import { defineWith } from "../../src/gateway/definitions.ts";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import type { Running } from "../../src/gateway/running.ts";
import { createServing } from "../../src/gateway/serving.ts";
import { noteLog, writeLiveConfig } from "../support/live-gateway.ts";

test("a gateway that starts has the overrides of its state folder in force, and asks no canary before its time", () => {
  const { folder, path, remove } = writeLiveConfig({ detectors: {}, policies: {} });
  onTestFinished(remove);
  const local = openLocalStores({ folder: join(folder, "state") });
  const override = { id: "ov_1", detector: null, mode: "monitor", since: 0, actor: "ada", reason: "x" } as const;
  local.overrides.add({ ...override, until: Date.now() + 60_000 });
  const assurance = startAssurance({
    serving: createServing(defineWith(loadConfig({ path, environment: {} }), [])),
    log: noteLog([]),
    records: { local, audit: local.audit },
    // Nothing is asked of it.
    model: { prompts: undefined },
  } as unknown as Running);
  expect(assurance.brake.active()).toMatchObject([{ id: "ov_1" }]);
  expect(assurance.canaries.state()).toEqual({ results: new Map(), lastRunAt: null });
  assurance.close();
  local.database.close();
});

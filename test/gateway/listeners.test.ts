import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { defineWith } from "../../src/gateway/definitions.ts";
import { namesOf, openListeners } from "../../src/gateway/listeners.ts";
import type { Running } from "../../src/gateway/running.ts";
import { noteLog, writeLiveConfig } from "../support/live-gateway.ts";
import { occupyPort } from "../support/occupied-port.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

function define(fields: object = {}) {
  const combine = { both: { of: ["one"], rule: "any", action: "flag" } };
  const { path, remove } = writeLiveConfig({
    detectors: { one: { at: { prompt: 0 } }, idle: { at: { prompt: 0 } } },
    policies: { demo: { detectors: { one: { action: "abort" } }, combine } },
    fields,
  });
  const config = loadConfig({ path, environment: {} });
  remove();
  return defineWith(config, [loadedDetector("one"), loadedDetector("idle")]);
}

test("labels may be the detectors that there are, combinations and policies", () => {
  expect(namesOf(define(), "m")).toEqual({
    models: ["m"],
    detectors: ["one", "idle", "both"],
    policies: ["open", "demo"],
    queue: "embedded",
  });
});

test("the first listener is closed again when the second one cannot listen", async () => {
  const [{ port }, free] = await Promise.all([occupyPort(), occupyPort()]);
  await free.release();
  const definitions = define({ api: { port: free.port }, console: { port } });
  const serving = { definitions, api: () => undefined, console: () => undefined } as unknown as Running["serving"];
  const opening = openListeners({ serving, log: noteLog([]) } as unknown as Running);
  await expect(opening).rejects.toThrow(/^console cannot listen/);
  await expect(fetch(`http://127.0.0.1:${free.port}/`)).rejects.toThrow();
});

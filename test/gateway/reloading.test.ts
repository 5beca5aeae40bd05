import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { startGateway, type Gateway } from "../../src/gateway.ts";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import { openLiveFiles, type LiveFiles } from "../support/live-files.ts";
import { noteLog, writeLiveConfig } from "../support/live-gateway.ts";
import { until } from "../support/wire-reply.ts";

let gateway: Gateway;
let files: LiveFiles;
let lines: string[];
let start: () => Promise<Gateway>;
let remove: () => void;
let state: string;
beforeEach(async () => {
  lines = [];
  const written = writeLiveConfig({
    detectors: { word: { at: { generated: 3 } } },
    policies: { demo: { detectors: { word: { action: "abort" } } } },
    fields: { reload: { poll_ms: 30 } },
  });
  ({ remove } = written);
  files = openLiveFiles(written.folder);
  state = `${written.folder}/state`;
  const reload = () => loadConfig({ path: written.path, environment: {} });
  start = () => startGateway({ config: reload(), log: noteLog(lines), reload });
  gateway = await start();
});
afterEach(async () => {
  await gateway.stop();
  remove();
});

const said = (text: string) => lines.filter((line) => line.includes(text)).length;

test("files that change are noticed, whichever of them: once while they are broken, and again when they are mended", async () => {
  files.setFields({ limits: { max_stop: 1 } });
  await until(() => said("loaded again") === 1);
  expect(lines.join("\n")).toContain('"changed":["limits"]');
  files.setDetectorText("word", "kind: [");
  await until(() => said("could not be loaded") === 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(said("could not be loaded")).toBe(1);
  const { engine } = gateway;
  files.setDetector("word", { at: { generated: 4 } });
  await until(() => said("loaded again") === 2, 20_000);
  expect(lines.join("\n")).toContain('"engine":"new","changed":["detectors/word"]');
  expect(gateway.engine).not.toBe(engine);
});

test("stopping in the middle of a reload swaps nothing and leaves no engine behind", async () => {
  const { engine } = gateway;
  files.setDetector("word", { at: { generated: 4 } });
  const reloaded = gateway.reload();
  await gateway.stop();
  expect(await reloaded).toMatchObject({ ok: false });
  expect(gateway.engine).toBe(engine);
  expect(said("could not be loaded")).toBe(0);
  expect(await gateway.reload()).toMatchObject({ ok: false, problems: [{ message: "the gateway is stopping" }] });
});

test("what changed while it was down is in the audit log of the next start", async () => {
  await gateway.stop();
  files.setFields({ limits: { max_stop: 2 } });
  gateway = await start();
  const stores = openLocalStores({ folder: state, mustExist: true });
  const entries = await until(async () => {
    const found = await stores.audit.list({ limit: 9 });
    return found.length > 0 ? found : undefined;
  });
  stores.database.close();
  const hash = expect.stringMatching(/^[0-9a-f]{16}$/);
  expect(entries.map(({ entry }) => [entry.event, entry.detail])).toEqual([
    ["config_loaded", { hash, before: hash, changed: "a start" }],
  ]);
});

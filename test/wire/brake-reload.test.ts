import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { createOverrideStore } from "../../src/trace/override-store.ts";
import { openLiveFiles, type LiveFiles } from "../support/live-files.ts";
import { OPEN_POLICY, startLive, type LiveGateway } from "../support/live-gateway.ts";
import { runPolicy } from "../support/policy-command.ts";
import { ask, until } from "../support/wire-reply.ts";

const abort = { detectors: { word: { action: "abort" } } };

let live: LiveGateway;
let files: LiveFiles;
beforeEach(async () => {
  live = await startLive({
    detectors: { word: { at: { generated: 3 } } },
    policies: { demo: abort },
    fields: { reload: { poll_ms: 0 } },
  });
  files = openLiveFiles(live.folder);
  await policy("override", "word", "--for", "2h", "--reason", "a night");
  await until(async () => (await active()) === 1);
});
afterEach(() => live.stop());

const policy = (...words: string[]) => runPolicy(live.config.file, ...words);
const active = () => live.metric('oversight_override_active{detector="word",mode="monitor"}');
const actionOf = async () => (await ask(live, { content: "Hello", policy: "demo" })).oversight?.action;
const events = async () =>
  (await createAuditLog(live.records).list({ limit: 9 }))
    .map(({ entry }) => entry.event)
    .filter((event) => event.startsWith("override"));

describe("a reload while an override is in force", () => {
  test.each<[string, () => void, "kept" | "new"]>([
    [
      "that keeps the engine",
      () => files.setFields({ policies: { open: OPEN_POLICY, demo: { ...abort, hold_tokens: 2 } } }),
      "kept",
    ],
    ["that brings an engine", () => files.setDetector("word", { at: { generated: 5 } }), "new"],
  ])("%s leaves it in force, and its end comes as before", async (_what, change, engine) => {
    expect(await actionOf()).toBe("would_abort");
    change();
    expect(await live.gateway.reload()).toMatchObject({ ok: true, engine });
    expect(await actionOf()).toBe("would_abort");
    expect(await active()).toBe(1);

    const store = createOverrideStore(live.records);
    const [override] = store.list();
    if (override === undefined) return expect.unreachable("the override is gone");
    store.remove(override.id);
    store.add({ ...override, until: Date.now() + 1_000 });
    await until(async () => (await events()).includes("override_expired"), 20_000);
    expect(await active()).toBe(0);
    expect(await actionOf()).toBe("abort");
  });

  test("that takes its detector away leaves it listed and without effect, and it can be ended", async () => {
    files.setDetector("fresh", { at: { generated: 1 } });
    files.removeDetector("word");
    files.setFields({ policies: { open: OPEN_POLICY, demo: { detectors: { fresh: { action: "abort" } } } } });
    expect(await live.gateway.reload()).toMatchObject({ ok: true, engine: "new" });
    expect(await actionOf()).toBe("abort");
    expect(await policy("overrides")).toMatch(/^word → monitor/);
    expect(await active()).toBe(1);
    expect(await policy("restore", "word")).toBe("word follows its policies again\n");
    await until(async () => (await active()) === 0);
    expect(await events()).toEqual(["override_ended", "override"]);
    expect(await actionOf()).toBe("abort");
  });
});

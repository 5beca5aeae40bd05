import { Command } from "commander";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { registerPolicy } from "../../src/cli/policy.ts";
import { createAuditLog } from "../../src/trace/audit-log.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createOverrideStore } from "../../src/trace/override-store.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

const detector = { at: { generated: 1 } };

function setUp() {
  const { folder, path, remove } = writeLiveConfig({
    detectors: { sea: detector, sky: detector, unused: detector },
    policies: { demo: { detectors: { sea: { action: "abort" }, sky: { action: "flag" } } } },
  });
  onTestFinished(remove);
  const database = openDatabase({ folder: join(folder, "state") });
  onTestFinished(database.close);
  const run = async (...words: string[]) => {
    let [out, error] = ["", ""];
    const program = new Command().exitOverride();
    program.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (error += text) });
    registerPolicy(program);
    const [name = "", ...rest] = words;
    const failed = await program.parseAsync(["policy", name, "--config", path, ...rest], { from: "user" }).then(
      () => false,
      () => true,
    );
    return { out, error, failed };
  };
  return { folder, path, run, store: createOverrideStore(database), audit: createAuditLog(database) };
}

const WHY = ["--for", "2h", "--reason", "it fires at everything", "--reviewer", "ada"];

test("an override is on record with who, how long and why, listed, and ended early", async () => {
  const { run, store, audit } = setUp();
  const made = await run("override", "sea", ...WHY);
  expect(made.out).toMatch(/^sea → monitor, until \S+Z \(2h left\), ada: it fires at everything\n$/);
  const [override] = store.list();
  expect(override).toMatchObject({ detector: "sea", mode: "monitor", actor: "ada" });
  expect((override?.until ?? 0) - (override?.since ?? 0)).toBe(7_200_000);
  expect((await run("overrides")).out).toBe(made.out);
  expect(JSON.parse((await run("overrides", "--json")).out)).toEqual([override]);
  expect((await run("restore", "sea", "--reviewer", "bo")).out).toBe("sea follows its policies again\n");
  expect((await run("overrides")).out).toBe("no override is in force\n");
  expect((await run("restore", "sea", "--reviewer", "bo")).out).toBe("there is no override of sea\n");
  const entries = (await audit.list({ limit: 9 })).map(
    ({ entry }) => `${entry.actor} ${entry.event} ${entry.detail["reason"]}`,
  );
  expect(entries).toEqual(["bo override_ended undefined", "ada override it fires at everything"]);
});

test("everything may be overridden, and is ended apart from single detectors", async () => {
  const { run, store } = setUp();
  await run("override", "--all", "--mode", "observe", ...WHY);
  await run("override", "sky", ...WHY);
  expect(store.list().map(({ detector: name, mode }) => [name, mode])).toEqual([
    [null, "observe"],
    ["sky", "monitor"],
  ]);
  expect((await run("overrides")).out).toContain("everything → observe");
  await run("restore", "--all", "--reviewer", "bo");
  expect(store.list().map(({ detector: name }) => name)).toEqual(["sky"]);
});

test.each([
  [["override", "see", ...WHY], 'did you mean "sea"?'],
  [["override", "unused", ...WHY], 'No policy runs "unused"'],
  [["override", "sea", "--all", ...WHY], "Name one detector, or --all."],
  [["override", ...WHY], "Name one detector, or --all."],
  [["override", "sea", ...WHY, "--for", "8d"], "from 1m to 7d"],
  [["override", "sea", "--for", "2h"], "--reason"],
  [["override", "sea", ...WHY, "--reason", " "], "reason: say why"],
  [["override", "sea", ...WHY, "--reason", "a\u202eb"], "characters that do not show"],
])("is refused: %j", async (words, says) => {
  const { run, store } = setUp();
  expect(await run(...words)).toMatchObject({ failed: true, error: expect.stringContaining(says) });
  expect(store.list()).toEqual([]);
});

test("a configuration that does not load stops the brake only where no state folder is named", async () => {
  const { run, path, folder, store } = setUp();
  writeFileSync(path, "policies: [");
  const words = ["override", "sea", ...WHY];
  expect(await run(...words)).toMatchObject({ failed: true, error: expect.stringContaining("gateway.yaml:1") });
  const warn = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => warn.mockRestore());
  expect((await run(...words, "--state-dir", join(folder, "state"))).failed).toBe(false);
  expect(warn.mock.calls.flat().join("")).toContain("names are not checked");
  expect(store.list()).toHaveLength(1);
});

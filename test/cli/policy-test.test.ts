import { Command } from "commander";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { registerPolicyTest } from "../../src/cli/policy-test.ts";
import { openDatabase } from "../../src/trace/database.ts";
import { createOverrideStore } from "../../src/trace/override-store.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";

function setUp() {
  const { folder, path, remove } = writeLiveConfig({
    detectors: { sea: { at: { generated: 1 } }, sky: { at: { generated: 1 } } },
    policies: {
      demo: { detectors: { sea: { action: "abort" } } },
      strict: { on_abort: "error", detectors: { sea: { action: "abort", confirm_with: "sky" } } },
      loose: { mode: "monitor", detectors: { sea: { action: "abort", on_error: "open" } } },
      both: {
        detectors: { sea: { action: "flag" }, sky: { action: "observe", positions: "prompt" } },
        combine: { together: { of: ["sea", "sky"], rule: "any", action: "abort" } },
      },
    },
  });
  onTestFinished(remove);
  const run = async (...words: string[]) => {
    let [out, error] = ["", ""];
    const program = new Command().exitOverride();
    program.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (error += text) });
    registerPolicyTest(program);
    const common = ["--config", path, "--state-dir", join(folder, "state")];
    await program.parseAsync(["test", ...words, ...common], { from: "user" }).catch(() => undefined);
    return { out, error };
  };
  openDatabase({ folder: join(folder, "state") }).close();
  return { folder, path, run };
}

test("every policy says what it would do about a score", async () => {
  const { run } = setUp();
  const { out } = await run("sea", "--score", "1");
  expect(out.split("\n")).toEqual([
    "sea (threshold 0.5) gives 1 in the generation",
    "open    does not run it",
    "demo    fires: abort (demo.sea: abort), stopped before the token leaves (finish_reason content_filter), recorded and queued for review",
    "strict  fires: abort (strict.sea: abort), stopped before the token leaves (error content_filter), recorded and queued for review",
    "        a firing counts only where sky confirms it",
    "loose   fires: would_abort (loose.sea: abort), the reply goes on, and is recorded and queued for review as one that would have been stopped",
    "both    fires: flag (both.sea: flag), the reply goes on, and is recorded and queued for review",
    "        it is also a member of together, which judges by itself",
    "",
  ]);
});

test("a broken detector, a clear score, a prompt and a combination are answered, too", async () => {
  const { run } = setUp();
  const one = async (...words: string[]) => (await run(...words)).out.trim().split("\n").slice(1).join("|");
  expect(await one("sea", "--error", "--policy", "demo")).toContain(
    "unavailable (demo.sea: on_error closed), the request ends with 503",
  );
  expect(await one("sea", "--error", "--policy", "loose")).toContain("bypassed, passes unjudged");
  expect(await one("sea", "--score", "0.4", "--policy", "demo")).toBe("demo  clear: goes on");
  expect(await one("sea", "--score", "1", "--policy", "demo", "--phase", "prompt")).toContain(
    "refused with 400 content_filter",
  );
  expect(await one("sky", "--score", "1", "--policy", "both")).toContain("does not judge it there");
  expect(await one("together", "--score", "1", "--policy", "both")).toContain("both.together: abort");
});

test("overrides in force are part of the answer", async () => {
  const { run, folder } = setUp();
  const database = openDatabase({ folder: join(folder, "state") });
  const override = { id: "ov_1", mode: "observe", since: 0, actor: "ada", reason: "x" } as const;
  createOverrideStore(database).add({ ...override, detector: "sea", until: Date.now() + 60_000 });
  createOverrideStore(database).add({ ...override, detector: null, until: 1 });
  database.close();
  const { out } = await run("sea", "--score", "1", "--policy", "demo", "--json");
  expect(JSON.parse(out)).toMatchObject([
    { policy: "demo", action: "observe", decision: { rule: "demo.sea: abort, overridden to observe" } },
  ]);
});

test.each([
  [["sea"], "Say --score or --error."],
  [["sea", "--score", "1", "--error"], "Say --score or --error."],
  [["sea", "--score", "much"], "--score takes a number."],
  [["see", "--score", "1"], 'did you mean "sea"?'],
  [["sea", "--score", "1", "--policy", "dema"], 'did you mean "demo"?'],
])("is refused: %j", async (words, says) => {
  expect((await setUp().run(...words)).error).toContain(says);
});

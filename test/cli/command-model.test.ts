import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCommandModel, openConfiguredModel } from "../../src/cli/command-model.ts";
import { loadConfig } from "../../src/config.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

const BACKGROUND = JSON.stringify({ description: "made up", vocabulary: 160, tokens: [1, 2, 3], taps: {} });

/** A configuration of the tiny model with a cache of its own. */
function writeConfig(context = 512): string {
  const { folder } = writeTinyModel({}, { "background.json": BACKGROUND });
  const text = { model: folder, engine: { context_tokens: context }, default_policy: "none", policies: { none: {} } };
  const own = writeFolder({ "gateway.yaml": JSON.stringify({ ...text, cache_dir: "cache" }), "detectors/.keep": "" });
  return join(own, "gateway.yaml");
}

describe("the model of a command", () => {
  it("is the one of the configuration, in its precision and cache folder, or in a command's own precision", async () => {
    const config = writeConfig();
    const own = await openCommandModel({ config });
    expect(own.facts).toMatchObject({ name: "tiny", precision: "fast", contextTokens: 512 });
    expect(own.prepared.folder).toContain(join(config, "..", "cache"));
    const exact = await openConfiguredModel(loadConfig({ path: config }), "exact");
    expect(exact.facts).toMatchObject({ name: "tiny", precision: "exact" });
    expect(exact.prepared.folder).not.toBe(own.prepared.folder);
  });

  it("is refused with a problem when it does not fit the configuration", async () => {
    const [problem] = await problemsOf(() => openCommandModel({ config: writeConfig(4096) }));
    expect(problem).toMatch(/engine\.context_tokens: .*2048 positions, 4096 are configured/);
  });

  it("is not looked for without a configuration", async () => {
    const [problem] = await problemsOf(() => openConfiguredModel(loadConfig({ path: "/nowhere/gateway.yaml" })));
    expect(problem).toMatch(/^\/nowhere\/gateway\.yaml: /);
  });
});

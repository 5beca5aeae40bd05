import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadKinds } from "../../../src/detect/kinds/registry.ts";
import { problemsOf } from "../../support/problems.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/kinds/${name}`, import.meta.url));

describe("loadKinds", () => {
  it("holds the built-in kinds", async () => {
    expect([...(await loadKinds()).keys()]).toEqual(["concept", "pattern", "probe", "trajectory"]);
  });

  it("adds a user's own kind", async () => {
    const kinds = await loadKinds([fixture("text-length.mjs")]);
    expect([...kinds.keys()]).toEqual(["concept", "pattern", "probe", "trajectory", "text-length"]);
    expect(kinds.get("text-length")?.schema.parse({})).toEqual({ unit: 1 });
  });

  it("reports every module that cannot be used, by file", async () => {
    const names = ["takes-a-name-twice.mjs", "has-no-start.mjs", "exports-nothing.mjs", "is-not-there.mjs"];
    const problems = await problemsOf(() => loadKinds(names.map(fixture)));
    expect(problems.map((problem) => problem.slice(problem.indexOf("kinds/") + 6, problem.indexOf(" (cure")))).toEqual([
      'takes-a-name-twice.mjs: there is already a kind "concept"; give this one another name',
      "has-no-start.mjs: kind.start must be a function",
      "exports-nothing.mjs: the module exports no kind",
      expect.stringMatching(/^is-not-there\.mjs: .*is-not-there\.mjs/),
    ]);
  });
});

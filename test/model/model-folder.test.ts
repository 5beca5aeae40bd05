import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readModelFolder } from "../../src/model/model-folder.ts";
import { writeFolder } from "../support/folder.ts";
import { VENDORED_FOLDER } from "../support/prepared-model.ts";
import { problemsOf } from "../support/problems.ts";

const HASH = "0123456789abcdef".repeat(4);
const HEAD = "name: A model\nsource: https://example.org\nlicence: MIT\n";
const write = (files: string) => join(writeFolder({ "mine/model.yaml": `${HEAD}files:\n${files}` }), "mine");

describe("a model folder", () => {
  it("has its own name as id and gives every file its path and hash", () => {
    const folder = write(
      `  a.gguf: { sha256: ${HASH}, role: weights }\n  lens/background.json: { sha256: ${HASH}, role: lens }\n  LICENSE: { sha256: ${HASH}, role: licence }\n`,
    );
    expect(readModelFolder(folder)).toEqual({
      folder,
      id: "mine",
      title: "A model",
      licence: "MIT",
      weights: { path: join(folder, "a.gguf"), sha256: HASH },
      lens: { "background.json": { path: join(folder, "lens/background.json"), sha256: HASH } },
    });
  });

  it("of the repository is described", () => {
    expect(readModelFolder(VENDORED_FOLDER)).toMatchObject({ id: "smollm2-135m-instruct", licence: "Apache-2.0" });
  });
});

describe("a folder that is no model", () => {
  it("is refused with its neighbours' names", async () => {
    const [problem] = await problemsOf(() => readModelFolder(join(VENDORED_FOLDER, "..", "smollm3")));
    expect(problem).toMatch(/smollm3\/model\.yaml: there is no model description \(cure: .*smollm2-135m-instruct/);
  });

  it("is refused where even the parent is missing", async () => {
    const [problem] = await problemsOf(() => readModelFolder("/nowhere/at/all"));
    expect(problem).toMatch(/no such folder/);
  });

  const faults: [string, string, RegExp][] = [
    [
      "no weights",
      `  a.json: { sha256: ${HASH}, role: lens }\n`,
      /model\.yaml files: exactly one file must have the role weights/,
    ],
    [
      "two weights",
      `  a.gguf: { sha256: ${HASH}, role: weights }\n  b.gguf: { sha256: ${HASH}, role: weights }\n`,
      /exactly one file/,
    ],
    ["a short hash", "  a.gguf: { sha256: abc123, role: weights }\n", /model\.yaml:5 .*64 lower-case hex digits/],
    ["an unknown key", `  a.gguf: { sha256: ${HASH}, role: weights, url: x }\n`, /model\.yaml:5 .*url/],
  ];
  it.each(faults)("is refused with file and line for %s", async (_, files, message) => {
    expect((await problemsOf(() => readModelFolder(write(files)))).join("\n")).toMatch(message);
  });
});

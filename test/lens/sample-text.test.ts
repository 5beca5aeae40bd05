import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSampleText } from "../../src/lens/sample-text.ts";
import { problemsOf } from "../support/problems.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

test("a model's sample text is read as it was listed, and refused when it is missing or was changed", async () => {
  const source = writeTinyModel({}, { "sample.txt": "ordinary" });
  expect(await readSampleText({ source })).toBe("ordinary");
  writeFileSync(join(source.folder, "sample.txt"), "other");
  expect((await problemsOf(() => readSampleText({ source })))[0]).toMatch(/its sha256 is not the one of model\.yaml/);
  const bare = writeTinyModel();
  expect((await problemsOf(() => readSampleText({ source: bare })))[0]).toMatch(
    /has no sample\.txt .*\(cure: give some/,
  );
});

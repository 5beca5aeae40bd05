import { describe, expect, it } from "vitest";
import { listDetectorFiles } from "../src/detector-files.ts";
import { problemsOf } from "./support/problems.ts";

describe("listDetectorFiles", () => {
  it("takes every .yaml for a detector, in order, and leaves cases and other files alone", () => {
    const names = ["b.yaml", "a-2.yaml", "a-2.test.yaml", "README.md", "notes"];
    expect(listDetectorFiles("/d", () => names)).toEqual([
      { id: "a-2", file: "/d/a-2.yaml" },
      { id: "b", file: "/d/b.yaml" },
    ]);
  });

  it.each(["cats.yml", "Cats.yaml", "my cats.yaml", "cats.tset.yaml", ".yaml"])(
    "refuses %s, which might be overlooked",
    async (name) => {
      expect(await problemsOf(() => listDetectorFiles("/d", () => [name]))).toEqual([
        expect.stringContaining(`/d/${name}: `),
      ]);
    },
  );

  it("says so when the folder is not there", async () => {
    expect(await problemsOf(() => listDetectorFiles("/nowhere/detectors"))).toEqual([
      expect.stringMatching(/^\/nowhere\/detectors: the folder of detectors cannot be read: ENOENT/),
    ]);
  });
});

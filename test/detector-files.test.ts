import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listDetectorFiles, readBesideDetector, replaceFile } from "../src/detector-files.ts";
import { writeFolder } from "./support/folder.ts";
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

describe("readBesideDetector", () => {
  function folders() {
    const root = writeFolder({
      "secret.bin": "secret",
      "detectors/a.yaml": "",
      "detectors/a.bin": "beside",
      "detectors/weights/a.bin": "below",
      "detectors-2/b.bin": "a folder that merely begins alike",
    });
    const folder = join(root, "detectors");
    symlinkSync(join(root, "secret.bin"), join(folder, "out.bin"));
    symlinkSync(root, join(folder, "up"));
    symlinkSync(join(root, "detectors-2", "b.bin"), join(folder, "alike.bin"));
    symlinkSync(join(folder, "a.bin"), join(folder, "in.bin"));
    mkdirSync(join(folder, "empty"));
    return { file: join(folder, "a.yaml"), root };
  }
  const textOf = (file: string, path: string) => Buffer.from(readBesideDetector(file, path)).toString();

  it("reads a file beside the definition, or below, or by a link that stays inside", () => {
    const { file } = folders();
    const read = ["a.bin", "./a.bin", "weights/a.bin", "in.bin"].map((path) => textOf(file, path));
    expect(read).toEqual(["beside", "beside", "below", "beside"]);
  });

  it("works where the folder itself is reached by a link", () => {
    const { file, root } = folders();
    symlinkSync(join(root, "detectors"), join(root, "linked"));
    expect(textOf(join(root, "linked", "a.yaml"), "a.bin")).toBe("beside");
    expect(textOf(file, "a.bin")).toBe("beside");
  });

  it.each([
    ["../secret.bin", /does not name a file below the folder/],
    ["weights/../../secret.bin", /does not name a file below/],
    ["..", /does not name/],
    ["", /does not name/],
    ["/etc/hostname", /does not name/],
    ["weights\\a.bin", /does not name/],
    ["a.bin\0", /does not name/],
    ["out.bin", /leads out of the folder/],
    ["up/secret.bin", /leads out of the folder/],
    ["alike.bin", /leads out of the folder/],
    ["gone.bin", /gone\.bin cannot be read: ENOENT/],
    ["empty", /is not a file/],
    [".", /leads out|is not a file/],
  ])("refuses %j", (path, message) => {
    const { file } = folders();
    expect(() => readBesideDetector(file, path)).toThrow(message);
  });
});

describe("replaceFile", () => {
  it("puts a whole new text in place, keeps the mode, and leaves nothing beside it", () => {
    const folder = writeFolder({ "a.yaml": "old" });
    const file = join(folder, "a.yaml");
    chmodSync(file, 0o640);
    replaceFile(file, "new");
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(() => replaceFile(join(folder, "none", "b.yaml"), "new")).toThrow("ENOENT");
    expect(readdirSync(folder)).toEqual(["a.yaml"]);
  });
});

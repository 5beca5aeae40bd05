import { expect, test } from "vitest";
import { createProgress } from "../../src/cli/progress.ts";

function note(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) > 0 };
  return { written, progress: createProgress("scanning 20 rows", stream) };
}

test("a terminal sees one line that rewrites itself, ended when all is done", () => {
  const { written, progress } = note(true);
  progress(0, 20);
  progress(10, 20);
  progress(20, 20);
  expect(written).toEqual([
    `\rscanning 20 rows ${"░".repeat(30)} 0 %`,
    `\rscanning 20 rows ${"█".repeat(15)}${"░".repeat(15)} 50 %`,
    `\rscanning 20 rows ${"█".repeat(30)} 100 %\n`,
  ]);
});

test("a file gets a line a tenth and no control characters", () => {
  const { written, progress } = note(false);
  for (let done = 0; done <= 200; done += 1) progress(done, 200);
  expect(written).toEqual(Array.from({ length: 11 }, (_, tenth) => `scanning 20 rows ${10 * tenth} %\n`));
});

test("nothing to do is all done", () => {
  const { written, progress } = note(false);
  progress(0, 0);
  expect(written).toEqual(["scanning 20 rows 100 %\n"]);
});

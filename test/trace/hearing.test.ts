import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createHearing } from "../../src/trace/hearing.ts";
import { createSettings } from "../../src/trace/settings.ts";
import { temporaryFolder } from "../support/folder.ts";

function setUp() {
  const settings = createSettings(openDatabase({ folder: temporaryFolder() }));
  const side = { next: 60_000, items: ["a"], fails: false };
  const [asked, taken]: [number[], string[]] = [[], []];
  const open = (clock = () => 0) =>
    createHearing<string>({
      settings,
      name: "heard",
      async hear(since) {
        asked.push(since);
        return { items: side.items, next: side.next };
      },
      async take(items) {
        if (side.fails) throw new Error("disk full");
        const news = items.filter((item) => !taken.includes(item));
        taken.push(...news);
        return news.length > 0;
      },
      clock,
    });
  return { settings, side, asked, taken, open };
}

test("goes on a little before where it was, also after a restart, and begins anew with another state", async () => {
  const { asked, side, open, settings } = setUp();
  const hear = open();
  await hear("one");
  side.next = 70_000;
  await hear("one");
  expect(asked).toEqual([0, 55_000]);
  // The second look brought nothing new, so that it is not on disk.
  expect(settings.get("heard")).toBe("one 55000");
  await open()("one");
  await open()("two");
  expect(asked).toEqual([0, 55_000, 55_000, 0]);
});

test("a place without news is kept on disk every ten minutes", async () => {
  const { side, open, settings } = setUp();
  let now = 0;
  const hear = open(() => now);
  await hear("one");
  for (const [passed, next] of [
    [599_999, 100_000],
    [600_000, 200_000],
  ] as const) {
    now = passed;
    side.next = next;
    await hear("one");
  }
  expect(settings.get("heard")).toBe("one 195000");
});

test("what could not be taken is heard again", async () => {
  const { asked, side, taken, open } = setUp();
  const hear = open();
  side.fails = true;
  await expect(hear("one")).rejects.toThrow("disk full");
  side.fails = false;
  await hear("one");
  expect(asked).toEqual([0, 0]);
  expect(taken).toEqual(["a"]);
});

import { expect, test } from "vitest";
import { openDatabase } from "../../src/trace/database.ts";
import { createSettings, gatewayIdOf } from "../../src/trace/settings.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";

test("a setting is what was set last, and keeping one keeps the first", () => {
  const settings = createSettings(openDatabase({ folder: temporaryFolder() }));
  expect(settings.get("place")).toBeUndefined();
  settings.set("place", "1");
  settings.set("place", "2");
  expect(settings.get("place")).toBe("2");
  expect(settings.keep("place", "3")).toBe("2");
  expect(settings.keep("other", "4")).toBe("4");
});

test("a state folder has one id, and another one has another", () => {
  const folder = temporaryFolder();
  const idOf = (at: string) => gatewayIdOf(createSettings(openDatabase({ folder: at })));
  expect(idOf(folder)).toMatch(/^[0-9a-f]{16}$/);
  expect(idOf(folder)).toBe(idOf(folder));
  expect(idOf(temporaryFolder())).not.toBe(idOf(folder));
});

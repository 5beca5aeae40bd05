import { expect, test } from "vitest";
import { stateFolder } from "../../src/trace/state-folder.ts";

test("the named folder wins, then LENSGATE_STATE_DIR, then XDG_STATE_HOME, then the home folder", () => {
  const environment = { LENSGATE_STATE_DIR: "/own", XDG_STATE_HOME: "/xdg", HOME: "/home/ada" };
  expect(stateFolder("/named", environment)).toBe("/named");
  expect(stateFolder(undefined, environment)).toBe("/own");
  expect(stateFolder(undefined, { ...environment, LENSGATE_STATE_DIR: "" })).toBe("/xdg/lensgate");
  expect(stateFolder(undefined, { HOME: "/home/ada" })).toBe("/home/ada/.local/state/lensgate");
});

test("a relative folder is made absolute", () => {
  expect(stateFolder("state", {})).toBe(`${process.cwd()}/state`);
});

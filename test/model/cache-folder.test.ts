import { expect, it } from "vitest";
import { cacheFolder } from "../../src/model/cache-folder.ts";

it("is LENSGATE_CACHE_DIR before anything else", () => {
  expect(cacheFolder({ LENSGATE_CACHE_DIR: "/big/disk", XDG_CACHE_HOME: "/xdg" }, "/home/a")).toBe("/big/disk");
});

it("is a folder of its own in XDG_CACHE_HOME", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/xdg" }, "/home/a")).toBe("/xdg/lensgate");
});

it.each([{}, { LENSGATE_CACHE_DIR: "", XDG_CACHE_HOME: "" }])(
  "is in the home folder where variables are absent or empty",
  (variables) => {
    expect(cacheFolder(variables, "/home/a")).toBe("/home/a/.cache/lensgate");
  },
);

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PAGE_STYLE } from "../../src/evaluation/page-style.ts";

const folder = new URL("../../src/evaluation/", import.meta.url);

test("every colour that the charts and the sheet use is set, for light and for dark", () => {
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  const used = new Set(
    sources.flatMap((source) => [...source.matchAll(/var\((--[a-z-]+)\)/g)].map(([, name]) => name)),
  );
  const [light = "", dark = ""] = PAGE_STYLE.split("@media (prefers-color-scheme: dark)");
  expect(used.size).toBeGreaterThan(8);
  for (const name of used) {
    expect(light).toContain(`${name}: `);
    if (name !== "--mono") expect(dark).toContain(`    ${name}: #`);
  }
});

test("the sheet fetches nothing and cannot end its element", () => {
  expect(PAGE_STYLE).not.toMatch(/url\(|@import|<|\\/);
});

import { expect, test } from "vitest";
import { formatLayerMap, renderLayerMap } from "../../src/evaluation/layer-map.ts";
import { visibleText } from "../../src/visible-text.ts";
import { vocabularyOf } from "./page-vocabulary.ts";
import { HOSTILE_TEXTS } from "./sample-evaluation.ts";
import { sampleCells } from "./sample-cells.ts";

const ABOUT = { title: "Where it is", pooling: "mean", createdAt: "2026-03-02" };

test("a terminal shows a line a layer, shaded, with the best marked and repeated below", () => {
  expect(formatLayerMap(sampleCells())).toEqual([
    "layer  attn_out     resid_mid    mlp_out      resid_post",
    "    0  · 0.480      –            –            ░ 0.620",
    "    1  █ 0.900 <    –            –            ▓ 0.810",
    "    2  ▒ 0.710      –            –            not defined",
    "best: 1.attn_out, AUROC 0.900 (0.850 to 0.950)",
  ]);
  expect(formatLayerMap([])).toEqual(["layer  attn_out     resid_mid    mlp_out      resid_post", "best: not defined"]);
});

test.each(HOSTILE_TEXTS)("names neither drive the terminal nor become markup: %j", (text) => {
  const cells = sampleCells().map((cell) => ({ ...cell, tap: text, point: text }));
  for (const line of formatLayerMap(cells)) expect(line).toBe(visibleText(line));
  const page = (name: string) =>
    renderLayerMap({
      title: name,
      cells: sampleCells().map((cell) => ({ ...cell, tap: name, point: name })),
      pooling: name,
      createdAt: name,
    });
  const known = vocabularyOf(page("\u0007plain"));
  expect(vocabularyOf(page(text)).filter((name) => !known.includes(name))).toEqual([]);
  expect(page(text)).toBe(visibleText(page(text)));
});

test("the page has the map, the table, the best tap and the pooling, and is the same bytes again", () => {
  const html = renderLayerMap({ ...ABOUT, cells: sampleCells() });
  for (const part of [
    "Best: <b><bdi>1.attn_out</bdi></b>, AUROC 0.900 (0.850 to 0.950)",
    "<dd><bdi>mean</bdi></dd>",
    "not defined",
    "<caption>",
  ])
    expect(html).toContain(part);
  expect(html.match(/<tr>/g)).toHaveLength(4);
  expect(renderLayerMap({ ...ABOUT, cells: sampleCells() })).toBe(html);
});

test("a map without a defined area says why", () => {
  expect(renderLayerMap({ ...ABOUT, cells: [] })).toContain("there are no rows on one of the sides");
});

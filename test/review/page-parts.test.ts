import { expect, test } from "vitest";
import { traceId } from "../conformance/samples.ts";

/** The page's modules are plain JavaScript, outside of the compiled sources. */
const load = async (name: string) => import(new URL(`../../src/review/web/${name}.js`, import.meta.url).href);
const { parseHash, formatHash } = await load("router");
const { layOut, cellAt, colourOf } = await load("picture-canvas");
const { scaleOf, startKind } = await load("picture-view");
const { liveScores, scoredDetectors, heatOf } = await load("heat");
const { createCursor } = await load("cursor");
const { filterOf } = await load("queue-filters");
const { clockText } = await load("claims");

test("an address names a page, an item or filters, and anything else is the queue", () => {
  const id = traceId(1);
  expect(parseHash(`#/item/${id}`)).toEqual({ page: "item", id, query: {} });
  expect(parseHash(`#${id}`)).toEqual({ page: "item", id, query: {} });
  expect(parseHash("#/audit?trace=x%26y")).toEqual({ page: "audit", id: "", query: { trace: "x&y" } });
  for (const hash of ["", "#", "#/", "#/item/tr_1", "#/item", "#/constructor", "#/__proto__"])
    expect([hash, parseHash(hash)]).toEqual([hash, { page: "", id: "", query: {} }]);
  for (const asked of ["request-1", "a/b?c#d", "100%", "<b>", ""])
    expect(parseHash(formatHash("find", asked))).toEqual({ page: "find", id: asked, query: {} });
  expect(parseHash("#/find/a/b%")).toEqual({ page: "find", id: "a/b%", query: {} });
  expect(parseHash(formatHash("", "", { state: "waiting", detector: "a&b=c", model: undefined }))).toEqual({
    page: "",
    id: "",
    query: { state: "waiting", detector: "a&b=c" },
  });
});

test("filters of an address are taken by name, and an unknown state is waiting", () => {
  expect(filterOf({ state: "nowhere", detector: "x", limit: "9" })).toEqual({ state: "waiting", detector: "x" });
  expect(
    filterOf(
      Object.fromEntries([
        ["state", "dead"],
        ["action", "abort"],
      ]),
    ),
  ).toEqual({ state: "dead", action: "abort" });
});

test("a picture lies in its frame, and a point finds its cell", () => {
  const layout = layOut({ taps: [2, 1, 0], columns: [5, 6, 7, 8], width: 448 });
  expect(layout.cell.width).toBe(100);
  expect(cellAt(layout, 42 + 250, 6 + 20)).toEqual({ column: 2, row: 1 });
  for (const [x, y] of [
    [10, 20],
    [200, 2],
    [460, 20],
    [200, 60],
  ])
    expect(cellAt(layout, x, y)).toBeUndefined();
  const named = layOut({ taps: [0, 1], columns: [0], width: 448, mixed: true });
  expect(cellAt(named, 100, 10)).toBeUndefined();
  expect(cellAt(named, 120, 10)).toEqual({ column: 0, row: 0 });
  expect(layOut({ taps: Array(120).fill(0), columns: Array(72).fill(0), width: 320 }).height).toBeLessThan(520);
});

test("colours are blue below the threshold, red from it on, and stronger further up", () => {
  const colours = { heat: "1 2 3", over: "4 5 6" };
  const scale = { low: 0, threshold: 5, top: 10 };
  expect([-1, 0, 4.99, 5, 10].map((value) => colourOf(value, scale, colours))).toEqual([
    "rgb(1 2 3 / 0.050)",
    "rgb(1 2 3 / 0.050)",
    "rgb(1 2 3 / 0.648)",
    "rgb(4 5 6 / 0.500)",
    "rgb(4 5 6 / 1.000)",
  ]);
  expect(colourOf(3, { low: 3, threshold: null, top: 3 }, colours)).toBe("rgb(1 2 3 / 0.050)");
  expect(scaleOf({ values: [[null]], threshold: null })).toEqual({ low: 0, top: 1, threshold: null });
  expect(startKind({ liveTaps: ["3.attn_out", "9.attn_out"] })).toBe("attn_out");
  expect(startKind({ liveTaps: ["3.attn_out", "9.resid_post"] })).toBe("all");
});

test("live scores of several findings are put together, the firing detectors first", () => {
  const row = (detector: string, scores: (number | null)[]) => ({ detector, scores, threshold: 5, low: -1, high: 5 });
  const strip = (first: number, rows: object[]) => ({
    positions: [first, first + 1].map((position) => ({ position, text: "x" })),
    rows,
  });
  const firings = [
    { detector: "b", strip: strip(3, [row("a", [1, null]), row("b", [2, 6]), row("c", [null, null])]) },
    { detector: "a", strip: strip(4, [row("a", [3, 7])]) },
  ];
  expect(scoredDetectors(firings)).toEqual(["b", "a"]);
  expect([...liveScores(firings, "a").scores]).toEqual([
    [3, 1],
    [4, 3],
    [5, 7],
  ]);
  expect([null, -1, 2, 9].map((score) => heatOf(score, { low: -1, high: 5 }))).toEqual([0, 0, 0.5, 1]);
});

test("a pinned cursor stays under a moving pointer, moves by key, and is freed by pinning again", () => {
  const cursor = createCursor();
  const seen: (number | null)[] = [];
  cursor.subscribe(({ position }: { position: number | null }) => seen.push(position));
  cursor.point(1);
  cursor.pin(2, "3.attn_out");
  cursor.point(5);
  cursor.leave();
  cursor.move(3);
  cursor.pin(3, "3.attn_out");
  cursor.leave();
  expect(seen).toEqual([null, 1, 2, 3, 3, null]);
});

test("the time left counts in minutes and seconds and ends at zero", () => {
  expect([299_001, 60_000, 500, -4].map(clockText)).toEqual(["5:00", "1:00", "0:01", "0:00"]);
});

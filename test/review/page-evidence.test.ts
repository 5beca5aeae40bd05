import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser, openItem } from "./console-page.ts";
import { hugeTrace } from "./filled-desk.ts";
import type { Enrichment } from "../../src/enrichment/enrichment.ts";
import { madeEnrichment, probeChanges } from "./made-enrichment.ts";
import { startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

async function start(changes?: Partial<Enrichment> | { readonly failed: string }) {
  const server = await startReviewServer(temporaryFolder());
  onTestFinished(async () => {
    await server.close();
  });
  await server.add(sushiTrace(1));
  const enrich = (body: object) => server.enrichments.put(traceId(1), Date.now(), JSON.stringify(body));
  if (changes !== undefined) await enrich({ ...madeEnrichment(sushiTrace(1)), ...changes });
  return { ...server, enrich };
}

/** Whether anything but the ground colour was drawn on a canvas. */
const DRAWN = `(() => {
  const canvas = document.querySelector(".picture-base");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let at = 0; at < data.length; at += 4) colours.add(data[at] + "," + data[at + 1] + "," + data[at + 2] + "," + data[at + 3]);
  return colours.size;
})()`;
const readout = (page: Page) => page.textContent(".picture .readout");

describeInBrowser("the evidence of the re-read", (visit) => {
  test("a probe's picture has its own taps alone, and the taps that moved it most stand first", async () => {
    const server = await start(probeChanges(sushiTrace(1), "harm-intent"));
    const { page, troubles } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.waitForSelector(".picture-frame");
    const height = async () => (await page.locator(".picture-frame").boundingBox())?.height ?? 0;
    // Four rows, where all taps of the model would be 120.
    await expect.poll(height).toBeLessThan(160);
    expect(await page.textContent(".picture .legend")).toContain("What each tap adds to the score");
    expect(await page.textContent(".picture")).not.toContain("lens none");
    const kinds = await page.locator("[aria-label=Sublayers] button").allTextContents();
    expect(kinds).toEqual(["attention", "MLP", "all"]);
    const shown = await page.locator(".contributions > .figure-block h4 code").allTextContents();
    expect(shown).toEqual(["29.attn_out", "23.mlp_out", "17.mlp_out"]);
    expect(await page.locator(".reread td:last-child").allTextContents()).toEqual(["reproduced", "fired, not flagged"]);
    await page.click("summary:has-text('1 tap that moved it less')");
    await page.waitForSelector(".more-taps h4:has-text('4.mlp_out')");
    expect(troubles).toEqual([]);
  });

  test("the picture is drawn, read with the pointer, pinned, and moved through with arrow keys", async () => {
    const server = await start({});
    const { page, troubles } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.waitForSelector(".picture-frame");
    await expect.poll(() => page.evaluate(DRAWN)).toBeGreaterThan(20);
    expect(await page.textContent(".picture .saying")).toMatch(
      /At ␣a it reaches the threshold in \d+ of 120 places, first at/,
    );

    await page.keyboard.press("p");
    await page.keyboard.press("ArrowRight");
    expect(await readout(page)).toMatch(
      /23\.attn_out · ␣a at 63, never sent · log-odds 5\.\d\d · top ␣Japanese ␣Japan ␣sushi/,
    );
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowUp");
    expect(await readout(page)).toContain("24.attn_out · ␣is at 62, sent");
    expect(await page.getAttribute(".picture-frame", "aria-valuetext")).toMatch(
      /^24\.attn_out, token " is" at 62, sent: −?\d/,
    );
    expect(await page.locator("tr.at").getAttribute("data-tap")).toBe("24.attn_out");
    await page.keyboard.press("Enter");
    await page.mouse.move(10, 10);
    await page.hover(".picture-frame", { position: { x: 100, y: 20 } });
    expect(await readout(page)).toContain("24.attn_out · ␣is at 62");
    await page.keyboard.press("Escape");
    expect(await readout(page)).toContain("Point at a cell");
    await page.hover(".picture-frame", { position: { x: 120, y: 20 } });
    expect(await readout(page)).toMatch(/^\d+\.attn_out · .* at \d+, prompt · log-odds/);
    expect(troubles).toEqual([]);
  });

  test("the picture shows other sublayers and fewer tokens, and is drawn again when light turns to dark", async () => {
    const server = await start({});
    const { page, troubles } = await visit(server.origin);
    await openItem(page, traceId(1));
    const height = () => page.evaluate("document.querySelector('.picture-frame').clientHeight");
    await expect.poll(() => page.evaluate(DRAWN)).toBeGreaterThan(20);
    const before = await height();
    await page.click(".picture [aria-label=Sublayers] button:text-is('all')");
    expect(await height()).toBeGreaterThan(Number(before));
    await page.click(".picture [aria-label=Tokens] button:text-is('near')");
    const pixel = () => page.evaluate("document.querySelector('.picture-base').toDataURL()");
    const light = await pixel();
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(pixel).not.toBe(light);
    expect(troubles).toEqual([]);
  });

  test("top tokens are listed by probability or lift, and what moved a probe is named", async () => {
    const server = await start({});
    const { page, troubles } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.waitForSelector(".layer-table");
    expect(await page.textContent("tr.live")).toContain("23live");
    await page.click(".layers [aria-label='Sublayers of the table'] button:text-is('stream')");
    await page.click(".layers button:text-is('lift')");
    expect(await page.textContent(".layer-table tbody tr")).toContain("␣Japanese +9.00");
    expect(await page.textContent(".contributions .saying")).toMatch(
      /^Pushed up by .+ \+0\.\d\d.*; down by .+ −0\.\d\d/,
    );
    await page.hover(".lever >> nth=40");
    expect(await page.textContent(".contributions .readout")).toMatch(/ at 40: [+−]0\.\d\d$/);
    expect(troubles).toEqual([]);
  });

  test("a live firing that the re-read does not repeat is marked, and the continuation says that it was never sent", async () => {
    const [fired] = madeEnrichment(sushiTrace(1)).reread;
    const reread = fired === undefined ? [] : [{ ...fired, score: 4.1, difference: -1.52, reproduced: false }];
    const continuation = { text: " Japanese dish", tokens: 2 };
    const server = await start({ reread, continuation });
    const { page } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.waitForSelector(".reread");
    expect(await page.textContent(".item-head")).toContain("not reproduced");
    expect(await page.textContent(".reread")).toContain("The live score is the truth");
    expect(await page.textContent(".reread tbody")).toContain("5.624.10−1.525.00not reproduced");
    expect(await page.textContent(".reason")).toContain("5.62");
    expect(await page.locator(".continued").isVisible()).toBe(false);
    await page.click(".continuation summary");
    expect(await page.textContent(".continuation")).toContain("reached no one");
  });

  test("a re-read that failed says why", async () => {
    const server = await start({ failed: "the model file has changed" });
    const { page } = await visit(server.origin);
    await openItem(page, traceId(1));
    expect(await page.textContent(".picture.missing")).toContain("could not be read again: the model file has changed");
  });

  test("evidence that comes later takes its place by itself and moves nothing above it", async () => {
    const server = await start();
    const { page, troubles } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.waitForSelector(".missing[aria-busy=true]");
    await page.evaluate(`globalThis.shifts = 0; new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifts += entry.value;
    }).observe({ type: "layout-shift" })`);
    await page.fill(".verdict textarea", "typing on");
    await server.enrich(madeEnrichment(sushiTrace(1)));
    await page.waitForSelector(".picture-frame");
    expect(await page.inputValue(".verdict textarea")).toBe("typing on");
    expect(await page.evaluate("document.activeElement.name")).toBe("note");
    expect(await page.evaluate("globalThis.shifts")).toBeLessThan(0.02);
    expect(await page.textContent("#announcer")).toBe("The re-read is there.");
    expect(troubles).toEqual([]);
  });

  test("a prompt of a book and a reply of thousands of tokens are folded around what matters, within two seconds", async () => {
    const server = await start();
    await server.add(hugeTrace(2));
    const { page, troubles } = await visit(server.origin);
    await page.waitForSelector(".row");
    const began = performance.now();
    await openItem(page, traceId(2));
    await page.waitForSelector("mark.fired");
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await page.evaluate("document.querySelectorAll('main *').length")).toBeLessThan(3_000);
    expect(await page.textContent(".conversation .warning")).toMatch(/Too long to show whole: .*characters left out/);
    expect(await page.textContent(".cut")).toBe("stopped here");
    const gap = page.locator(".reply .gap >> nth=0");
    expect(await gap.textContent()).toMatch(/^… [\d,]+ tokens …$/);
    const folded = (await page.textContent(".released"))?.length ?? 0;
    await gap.click();
    expect((await page.textContent(".released"))?.length).toBeGreaterThan(folded + 10_000);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    expect(troubles).toEqual([]);
  });
});

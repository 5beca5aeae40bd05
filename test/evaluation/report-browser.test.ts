import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { renderLayerMap } from "../../src/evaluation/layer-map.ts";
import { renderReport } from "../../src/evaluation/report.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { evaluationOf, HOSTILE_TEXTS, sampleEvaluation } from "./sample-evaluation.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-sync",
];
const OVERFLOW = "document.documentElement.scrollWidth - innerWidth";

const long = "x".repeat(2_000);
const about = { title: `Detectors ${long}`, createdAt: "2026-03-02" };
const PAGES: Readonly<Record<string, string>> = {
  report: renderReport([sampleEvaluation(), evaluationOf(long), ...HOSTILE_TEXTS.map(evaluationOf)], about),
  map: renderLayerMap({
    ...about,
    pooling: HOSTILE_TEXTS.join(" "),
    cells: HOSTILE_TEXTS.map((text, layer) => ({
      tap: text,
      layer,
      point: layer === 9 ? text : "attn_out",
      auroc: 0.7,
      low: 0.6,
      high: 0.8,
    })),
  }),
};

const missing = !existsSync(CHROMIUM);
if (missing && process.env["CI"]) {
  test("reports in a browser", () => expect.unreachable(`${CHROMIUM} is missing: install Debian's chromium`));
}

describe.skipIf(missing)("reports in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  });
  afterAll(() => browser?.close());

  /** Opens a page from disk and collects whatever goes wrong, and whatever it asks for. */
  async function open(html: string, options: { readonly width: number; readonly colorScheme: "light" | "dark" }) {
    const file = join(temporaryFolder(), "page.html");
    writeFileSync(file, html);
    const url = pathToFileURL(file).href;
    const page = await browser.newPage({
      viewport: { width: options.width, height: 900 },
      colorScheme: options.colorScheme,
    });
    onTestFinished(() => page.close());
    const troubles: string[] = [];
    page.on("console", (message) => void troubles.push(message.text()));
    page.on("pageerror", (error) => void troubles.push(error.message));
    page.on("dialog", (dialog) => void troubles.push(dialog.message()));
    page.on(
      "request",
      (request) => void (request.url() === url || request.url() === "data:," || troubles.push(request.url())),
    );
    await page.goto(url);
    return { page, troubles };
  }

  test.each(Object.keys(PAGES))(
    "the %s is quiet, asks for nothing, runs nothing and does not scroll sideways",
    async (name) => {
      const html = PAGES[name] ?? "";
      for (const [width, colorScheme] of [
        [380, "light"],
        [1_600, "dark"],
      ] as const) {
        const { page, troubles } = await open(html, { width, colorScheme });
        expect(await page.evaluate(OVERFLOW)).toBeLessThanOrEqual(0);
        expect(await page.evaluate("window.attacked")).toBeUndefined();
        expect(await page.locator("script, img, iframe, base, object, body link, body style, body meta").count()).toBe(
          0,
        );
        expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(
          colorScheme === "dark" ? "rgb(20, 23, 27)" : "rgb(246, 246, 243)",
        );
        expect(troubles).toEqual([]);
      }
    },
  );

  test("no chart is empty or drawn outside of its card, on a phone", async () => {
    const { page } = await open(PAGES["report"] ?? "", { width: 380, colorScheme: "dark" });
    const widths = await page.evaluate(
      "[...document.querySelectorAll('figure svg')].map((svg) => svg.getBoundingClientRect().width)",
    );
    expect((widths as number[]).length).toBeGreaterThan(9);
    for (const width of widths as number[]) {
      expect(width).toBeGreaterThan(280);
      expect(width).toBeLessThanOrEqual(352);
    }
  });

  test("the other mistakes open without a script", async () => {
    const mistakes = sampleEvaluation().forms.flatMap((form) => Array.from({ length: 5 }, () => form.mistakes).flat());
    const forms = sampleEvaluation().forms.map((form) => ({ ...form, mistakes }));
    const html = renderReport([sampleEvaluation({ forms })], about);
    const { page } = await open(html, { width: 1_600, colorScheme: "light" });
    const hidden = page.locator("details blockquote").first();
    expect(await hidden.isVisible()).toBe(false);
    await page.locator("summary").first().click();
    expect(await hidden.isVisible()).toBe(true);
  });
});

import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  sampleDecision,
  sampleEnd,
  sampleEvidence,
  sampleFinding,
  sampleHead,
  sampleTrace,
} from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const CLAIM = "button:text-is('Claim for me')";
const RELEASE = "button:text-is('Release')";

/** Markup that runs a script in a page that writes it as HTML, or moves text about in one that writes it as it stands. */
const ATTACK = `"'><img src=x onerror="window.attacked=1"><script>window.attacked=2</script><svg onload=window.attacked=3>\u202egnirts\u0000\u001b[2J`;

async function start() {
  const server = await startReviewServer(temporaryFolder());
  onTestFinished(async () => void (await server.close()));
  return server;
}

const missing = !existsSync(CHROMIUM);
if (missing && process.env["CI"]) {
  test("the review page in a browser", () => expect.unreachable(`${CHROMIUM} is missing: install Debian's chromium`));
}

describe.skipIf(missing)("the review page in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  });
  afterAll(() => browser?.close());

  /** Opens the page and collects whatever goes wrong in it. */
  async function visit(
    origin: string,
    options: { readonly width?: number; readonly colorScheme?: "light" | "dark" } = {},
  ) {
    const { width = 1_600, colorScheme = "light" } = options;
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    onTestFinished(() => page.close());
    const troubles: string[] = [];
    page.on("console", (message) => void (message.type() === "error" && troubles.push(message.text())));
    page.on("pageerror", (error) => void troubles.push(error.message));
    page.on("dialog", (dialog) => void troubles.push(dialog.message()));
    page.on("request", (request) => void (request.url().startsWith(`${origin}/`) || troubles.push(request.url())));
    await page.goto(`${origin}/review/`);
    await page.waitForSelector(".row, .empty");
    return { page, troubles };
  }

  async function name(page: Page, reviewer: string): Promise<void> {
    await page.fill("#reviewer", reviewer);
    await page.locator("#reviewer").blur();
  }

  test("an item shows its conversation, the stop, the firing token, the country in mind, the lens and the live scores", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page, troubles } = await visit(server.origin);
    await page.keyboard.press("j");
    await page.waitForSelector(".reply");
    expect(await page.textContent(".turns")).toContain("Tell me about sushi.");
    expect(await page.textContent(".released")).toBe("Sushi is");
    expect(await page.textContent(".cut")).toBe("stopped here");
    expect(await page.textContent(".withheld")).toBe("never sent:  a Japanese");
    expect(await page.textContent("mark.fired")).toBe(" a");
    const why = (await page.textContent(".columns > :nth-child(2)")) ?? "";
    for (const part of [
      "country-channel",
      "5.62",
      "threshold 5.00",
      "23.attn_out",
      "position 63",
      "␣a",
      "Japan91 %",
      "␣Japanese41 %",
    ])
      expect(why).toContain(part);
    expect(await page.locator(".strip").count()).toBe(2);
    expect(await page.locator(".strip-row.own .cell").count()).toBe(64);
    expect(await page.locator(".cell.over").count()).toBe(1);
    await page.hover(".strip-row.own .cell.over");
    expect(await page.textContent(".readout")).toBe("␣a at 63: country-channel 5.60");
    expect(troubles).toEqual([]);
  });

  test("markup and direction marks in every text stay text", async () => {
    const server = await start();
    const finding = sampleFinding({
      detector: ATTACK,
      names: [{ name: ATTACK, share: 1 }],
      token: { id: 1, text: ATTACK },
      tap: ATTACK,
    });
    const decision = { action: "abort", rule: ATTACK } as const;
    const lens = [{ tap: ATTACK, top: [{ id: 1, text: ATTACK, probability: 0.5 }] }];
    const live = [{ position: 14, token: 1, text: ATTACK, scores: [7] }];
    const generated = [
      { id: 1, text: ATTACK },
      { id: 2, text: ATTACK },
    ];
    await server.add(
      sampleTrace({
        head: sampleHead(1, {
          conversation: [{ role: ATTACK, content: ATTACK }],
          policy: ATTACK,
          requestId: ATTACK,
          keyId: ATTACK,
        }),
        evidence: [sampleEvidence({ finding, decision, lens, live, detectors: [ATTACK] })],
        end: sampleEnd({ generated, releasedTokens: 1 }),
      }),
    );
    await server.decisions.add(sampleDecision(1, { reviewer: ATTACK, note: ATTACK, decidedAt: 1 }));
    await server.queue.claim({ reviewer: ATTACK, leaseMs: 60_000 });
    const { page, troubles } = await visit(server.origin);
    await page.click("[data-state=claimed]");
    await page.click(".row");
    await page.waitForSelector(".history");
    await page.click(".facts summary");
    await page.hover(".cell");
    await page.check("[value=unsure]");
    await name(page, ATTACK);
    await page.click(".primary");
    await page.waitForSelector("#notice.bad");
    expect(await page.textContent("#notice")).toContain("is being reviewed by");
    expect(await page.evaluate("window.attacked")).toBeUndefined();
    expect(await page.locator("img, svg, body script").count()).toBe(0);
    const text = (await page.textContent("body")) ?? "";
    expect(text).toContain("<img src=x onerror=");
    expect(text).toContain("⟨U+202E⟩gnirts⟨U+0000⟩⟨U+001B⟩");
    for (const raw of ["\u202e", "\u001b", "\u0000"]) expect(text).not.toContain(raw);
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('*')].flatMap((node) => [...node.attributes]).some(({ value }) => /[\\u202e\\u001b]/.test(value) )",
      ),
    ).toBe(false);
    expect(troubles.filter((trouble) => !trouble.includes("409"))).toEqual([]);
  });

  test("an item is decided with the keyboard alone, the next one opens, and the verdict can be replaced", async () => {
    const server = await start();
    for (const number of [1, 2]) await server.add(sushiTrace(number));
    const { page, troubles } = await visit(server.origin);
    await name(page, "ada");
    const [first = "", second = ""] = (await server.queue.list({ limit: 9 })).map((item) => item.traceId);
    await page.keyboard.press("j");
    await page.waitForSelector(".reply");
    await page.focus("textarea");
    await page.keyboard.type("1 2 jk & <b>note</b>");
    expect(await page.locator("[name=verdict]:checked").count()).toBe(0);
    await page.locator("textarea").blur();
    await page.keyboard.press("2");
    expect(await page.locator("[value=false_positive]").isChecked()).toBe(true);
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).hash).toBe(`#${second}`);
    expect(await server.decisions.latest(first)).toMatchObject({
      verdict: "false_positive",
      reviewer: "ada",
      note: "1 2 jk & <b>note</b>",
    });
    expect(await server.queue.get(first)).toMatchObject({ state: "decided" });

    await page.click("[data-state=decided]");
    await page.click(`[data-trace=${first}]`);
    await page.waitForSelector(".history");
    expect(await page.textContent(".history")).toContain("1 2 jk & <b>note</b>");
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await server.decisions.latest(first))?.verdict).toBe("true_positive");
    expect(troubles).toEqual([]);
  });

  test("a claim holds the item until it is released or another item is opened", async () => {
    const server = await start();
    for (const number of [1, 2]) await server.add(sushiTrace(number));
    const { page, troubles } = await visit(server.origin);
    const stateOf = async (index: number) => (await server.queue.list({ limit: 9 }))[index]?.state;
    await page.keyboard.press("j");
    await page.click(CLAIM);
    expect(await page.evaluate("document.activeElement.id")).toBe("reviewer");
    await name(page, "ada");
    await page.fill("textarea", "half a thought");
    await page.click(CLAIM);
    await page.waitForSelector(RELEASE);
    expect(await page.inputValue("textarea")).toBe("half a thought");
    expect(await stateOf(0)).toBe("claimed");
    await page.click(RELEASE);
    await page.waitForSelector(CLAIM);
    expect(await stateOf(0)).toBe("waiting");
    await page.click(CLAIM);
    await page.waitForSelector(RELEASE);
    await page.click(".row >> nth=0");
    await expect.poll(() => stateOf(0)).toBe("waiting");
    expect(troubles).toEqual([]);
  });

  test("nothing is cut off sideways on a phone or a wide screen, light or dark", async () => {
    const server = await start();
    const long = "x".repeat(3_000);
    await server.add(
      sushiTrace(1, { head: sampleHead(1, { conversation: [{ role: "user", content: long }], policy: long }) }),
    );
    for (const width of [380, 1_600]) {
      for (const colorScheme of ["light", "dark"] as const) {
        const { page } = await visit(server.origin, { width, colorScheme });
        await page.click(".row");
        await page.waitForSelector(".reply");
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
        expect(await page.locator(".list").isVisible()).toBe(width > 380);
        const [ground, text] = await Promise.all(
          ["backgroundColor", "color"].map((key) => page.evaluate(`getComputedStyle(document.body).${key}`)),
        );
        expect([ground, text]).toEqual(
          colorScheme === "dark"
            ? ["rgb(20, 23, 27)", "rgb(230, 232, 234)"]
            : ["rgb(246, 246, 243)", "rgb(29, 33, 38)"],
        );
        if (width === 380) {
          await page.click(".back");
          expect(await page.locator(".list").isVisible()).toBe(true);
        }
      }
    }
  });
});

import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How a page is opened. */
export interface Visit {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly name?: string;
  readonly password?: string;
  /** What follows `/review/`. */
  readonly hash?: string;
}

/** A page of the console, and whatever went wrong in it: errors, dialogs, requests to anywhere else. */
export interface ConsolePage {
  readonly page: Page;
  readonly troubles: string[];
}

/** Runs tests in a real browser; without one they are skipped, and in CI that fails. */
export function describeInBrowser(
  title: string,
  tests: (visit: (origin: string, how?: Visit) => Promise<ConsolePage>) => void,
) {
  const missing = !existsSync(CHROMIUM);
  if (missing && process.env["CI"]) {
    test(title, () => expect.unreachable(`${CHROMIUM} is missing: install Debian's chromium`));
  }
  describe.skipIf(missing)(title, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
    });
    afterAll(() => browser?.close());
    tests((origin, how) => open(browser, origin, how));
  });
}

/** Opens the console in a context of its own, and logs in when a name is given. */
async function open(browser: Browser, origin: string, how: Visit = {}): Promise<ConsolePage> {
  const { width = 1_600, colorScheme = "light", name = "ada", password, hash = "" } = how;
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && troubles.push(message.text())));
  page.on("pageerror", (error) => void troubles.push(error.message));
  page.on("dialog", (dialog) => void troubles.push(dialog.message()));
  page.on("request", (request) => void (request.url().startsWith(`${origin}/`) || troubles.push(request.url())));
  await page.goto(`${origin}/review/${hash}`);
  if (name !== "") await logInOn(page, name, password);
  return { page, troubles };
}

/** Fills in the login. */
export async function logInOn(page: Page, name: string, password?: string): Promise<void> {
  await page.fill("#login-name", name);
  if (password !== undefined) await page.fill("#login-password", password);
  await page.click(".login .primary");
  await page.waitForSelector("body:not([data-page=login])");
}

/** Opens an item by its address and waits until it is drawn. */
export async function openItem(page: Page, traceId: string): Promise<void> {
  await page.evaluate(`location.hash = "#/item/${traceId}"`);
  await page.waitForSelector(".reason, .failed");
}

import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser, logInOn } from "./console-page.ts";
import { PROPOSALS, STATISTICS } from "./desk-figures.ts";
import { DESCRIPTIONS, fillDesk } from "./filled-desk.ts";
import { startReviewServer } from "./review-server.ts";

const AXE = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** Every page and state that looks different: its address, and what shows that it is there. */
const PAGES: readonly (readonly [string, string, string])[] = [
  ["the queue", "#/", ".row"],
  ["a flagged item with its re-read", `#/item/${traceId(7)}`, ".picture-frame"],
  ["an item in monitor mode", `#/item/${traceId(4)}`, ".contributions"],
  ["an item whose detector broke", `#/item/${traceId(5)}`, ".broken"],
  ["a blind item", `#/item/${traceId(6)}`, ".reason.blind"],
  ["a huge item", `#/item/${traceId(8)}`, ".gap"],
  ["an item that stands for many", `#/item/${traceId(9)}`, ".members"],
  ["a re-read that failed", `#/item/${traceId(2)}`, ".missing .broken"],
  ["decided items", "#/?state=decided", ".row"],
  ["a decided item", `#/item/${traceId(22)}`, ".history"],
  ["nothing looked for yet", "#/find", "#find-id"],
  ["a flagged request", "#/find/request-7", ".runs"],
  ["a blind one", "#/find/request-6", ".runs"],
  ["an id that nobody knows", "#/find/nobody", ".nothing"],
  ["statistics", "#/statistics", ".detector-row"],
  ["thresholds", "#/thresholds", ".proposal"],
  ["overrides", "#/overrides", ".override-form"],
  ["the audit trail", "#/audit", ".audit"],
];

/** The banner is on every page. */
const OVERRIDE = {
  id: "ov_1",
  detector: "harm-intent",
  mode: "monitor",
  since: 0,
  until: Date.now() + 7_200_000,
  actor: "ada",
  reason: "it fires at everything",
} as const;

async function start() {
  const parts = {
    descriptions: DESCRIPTIONS,
    statistics: async () => STATISTICS,
    proposals: { list: async () => PROPOSALS, write: async () => ({}) },
    overrides: () => [OVERRIDE],
    braking: { names: () => ["harm-intent"], set: async () => OVERRIDE, end: async () => undefined },
  };
  const server = await startReviewServer(temporaryFolder(), { parts });
  onTestFinished(async () => {
    await server.close();
  });
  await fillDesk(server);
  return server;
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds serious or critical, as one line each. */
async function faults(page: Page, where: string): Promise<string[]> {
  await page.evaluate(AXE);
  const found: Violation[] = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)",
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${where}: ${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

describeInBrowser("the review page for everyone", (visit) => {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [380, 1_600]) {
      test(`axe finds nothing serious or critical on any page, ${colorScheme}, ${width} pixels wide`, async () => {
        const server = await start();
        const { page } = await visit(server.origin, { width, colorScheme, name: "" });
        await page.waitForSelector("#login-name");
        const found = await faults(page, "login");
        await logInOn(page, "ada");
        for (const [where, hash, sign] of PAGES) {
          await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
          await page.waitForSelector(sign);
          found.push(...(await faults(page, where)));
          expect([where, await page.evaluate("document.documentElement.scrollWidth - innerWidth")]).toEqual([where, 0]);
        }
        await page.evaluate(`location.hash = "#/item/${traceId(3)}"`);
        await page.click(".verdict button:has-text('Claim for me')");
        await page.waitForSelector("#lease");
        await page.keyboard.press("3");
        found.push(...(await faults(page, "a claimed item")));
        await page.keyboard.press("?");
        await page.waitForSelector("dialog[open]");
        found.push(...(await faults(page, "help")));
        await page.keyboard.press("Escape");
        await page.click("[data-delete]");
        await page.click("dialog button[type=submit]");
        await page.waitForSelector("#delete-wrong:not(:empty)");
        found.push(...(await faults(page, "a deletion")));
        expect(found).toEqual([]);
      });
    }
  }

  test("from login to verdict and on to every page, without a pointer", async () => {
    const server = await start();
    const { page, troubles } = await visit(server.origin, { name: "" });
    await page.waitForSelector("#login-name");
    await page.keyboard.type("ada");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".row");
    const tabTo = async (selector: string) => {
      for (let turn = 0; turn < 60; turn += 1) {
        if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
        await page.keyboard.press("Tab");
      }
      expect.unreachable(`the tab key does not reach ${selector}`);
    };
    await tabTo(".row");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".reason");
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("main");
    await tabTo(".verdict [value=true_positive]");
    await page.keyboard.press("ArrowDown");
    expect(await page.locator("[value=false_positive]").isChecked()).toBe(true);
    await tabTo(".verdict textarea");
    await page.keyboard.type("by keys");
    await page.keyboard.press("Control+Enter");
    await expect.poll(async () => (await server.decisions.page(0, 99)).at(-1)?.decision.note).toBe("by keys");
    for (const [key, sign] of [
      ["f", "#find-id"],
      ["s", ".detector-row"],
      ["t", ".proposal"],
      ["o", ".override-form"],
      ["a", ".audit"],
      ["q", ".row"],
    ] as const) {
      await page.evaluate("document.activeElement.blur()");
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.waitForSelector(sign);
    }
    expect(troubles).toEqual([]);
  });
});

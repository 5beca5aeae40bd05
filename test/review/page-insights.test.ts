import { expect, onTestFinished, test } from "vitest";
import type { ReviewParts, ThresholdChange } from "../../src/review/desk.ts";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser } from "./console-page.ts";
import { PROPOSALS, STATISTICS } from "./desk-figures.ts";
import { startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

/** A notice goes after seconds, sooner than a busy machine looks; its text stays. */
const SAID = { state: "attached" } as const;

async function start(parts: Partial<ReviewParts> = {}) {
  const server = await startReviewServer(temporaryFolder(), { parts });
  onTestFinished(async () => {
    await server.close();
  });
  return server;
}

describeInBrowser("statistics, thresholds and the audit trail", (visit) => {
  test("statistics give precision and recall of each detector with intervals, agreement with kappa, and what each day brought", async () => {
    const server = await start({
      statistics: async () => STATISTICS,
      outbox: async () => ({ waiting: 3, limit: 10_000 }),
    });
    const { page, troubles } = await visit(server.origin, { hash: "#/statistics" });
    await page.waitForSelector(".detector-row");
    const rows = await page.locator(".detector-row").allTextContents();
    expect(rows[0]).toContain("Precision91 %87 % to 95 %");
    expect(rows[0]).toContain("Recall71 %52 % to 86 %");
    expect(rows[2]).toContain("needs sampled replies with verdicts");
    const cards = (await page.locator(".card").allTextContents()).join("|");
    for (const part of [
      "Waiting9oldest 2 h",
      "Median wait9 min",
      "Agreement88 %34 pairs, κ 0.71 (substantial)",
      "Outbox3",
    ])
      expect(cards).toContain(part);
    expect(await page.locator(".days li").count()).toBe(14);
    expect(troubles).toEqual([]);
  });

  test("a proposal shows what changes and what it cannot know, and is written only when a lead says so twice", async () => {
    const written: ThresholdChange[] = [];
    const asked: number[] = [];
    const proposals = {
      async list(rate: number) {
        asked.push(rate);
        return PROPOSALS;
      },
      async write(change: ThresholdChange) {
        written.push(change);
        return { file: "detectors/country-channel.yaml" };
      },
    };
    const server = await start({ proposals });
    const { page, troubles } = await visit(server.origin, { hash: "#/thresholds" });
    await page.waitForSelector(".proposal");
    const [first = "", second = ""] = await page.locator(".proposal").allTextContents();
    for (const part of [
      "5.00 →  to 4.31",
      "from 238 verdicts over 48,210 scored replies",
      "at most 0.09 % false alarms",
      "0.04 %",
      "83 %",
      "known to ± 40 %",
    ])
      expect(first).toContain(part);
    expect(second).toContain("no proposal");
    expect(second).not.toContain("Then");
    expect(await page.locator(".proposal >> nth=1 >> button").isDisabled()).toBe(true);
    await page.click("button:text-is('1 in 10,000')");
    await expect.poll(() => asked).toEqual([0.001, 0.0001]);
    await page.click(".proposal >> nth=0 >> button");
    expect(written).toEqual([]);
    await page.click("dialog button:text-is('Close')");
    await page.click(".proposal >> nth=0 >> button");
    await page.click("dialog button:text-is('Write it')");
    await page.waitForSelector("#notice:has-text('Written: country-channel fires from 4.31.')", SAID);
    expect(written).toEqual([{ detector: "country-channel", rate: 0.001, threshold: 4.31, reviewer: "ada" }]);
    expect(await page.locator("dialog").count()).toBe(0);
    expect(troubles).toEqual([]);
  });

  test("the audit trail tells who did what, for all traces or one, page by page, and cries out when the chain is broken", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    for (let number = 0; number < 120; number += 1)
      await server.audit.add({
        at: Date.now() - number,
        actor: `r${number}`,
        event: "view",
        traceId: traceId(number % 2),
        detail: { hidden: false },
      });
    const { page, troubles } = await visit(server.origin, { hash: "#/audit" });
    await page.waitForSelector(".audit");
    expect(await page.textContent(".chain")).toContain("The chain is whole");
    await expect.poll(() => page.locator(".audit tbody tr").count()).toBe(100);
    await page.click("button:text-is('Show older')");
    await expect.poll(() => page.locator(".audit tbody tr").count()).toBe(121);
    expect(await page.locator("button:text-is('Show older')").isVisible()).toBe(false);
    await page.evaluate(`location.hash = "#/item/${traceId(1)}"`);
    await page.click("a:text-is('Audit trail of this trace')");
    await expect.poll(() => page.locator(".audit tbody tr").count()).toBe(61);
    expect(await page.textContent(".page-head")).toContain(traceId(1));
    await page.route("**/api/review/audit*", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), intact: false } });
    });
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.waitForSelector(".broken-chain:has-text('The chain is broken')");
    expect(troubles).toEqual([]);
  });
});

import { expect, onTestFinished, test } from "vitest";
import { sampleDecision, sampleScoreRow, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser } from "./console-page.ts";
import { startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

/** One flagged request, one blind, one that nothing flagged. */
async function start() {
  const server = await startReviewServer(temporaryFolder());
  onTestFinished(async () => {
    await server.close();
  });
  await server.add(sushiTrace(1));
  await server.add(sushiTrace(2), { blind: true });
  const scores = [
    { detector: "country-channel", hash: "0", score: -1.25, position: 9, tap: null, fired: false, error: null },
  ];
  await server.scores.add(sampleScoreRow(3, { traceId: traceId(3), requestId: "a/b?c#d <b>", scores }));
  for (const number of [1, 2])
    await server.scores.add(sampleScoreRow(number, { traceId: traceId(number), flagged: true, reason: "abort" }));
  return server;
}

describeInBrowser("finding a request", (visit) => {
  test("any request is found from the box, its id stands in the address, and leads on to its item", async () => {
    const server = await start();
    const { page, troubles } = await visit(server.origin);
    await page.click("nav [data-page-link=find]");
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("find-id");
    await page.keyboard.type("a/b?c#d <b>");
    await page.keyboard.press("Enter");
    await page.waitForSelector(`.runs [data-trace="${traceId(3)}"]`);
    expect(await page.evaluate("location.hash")).toBe("#/find/a%2Fb%3Fc%23d%20%3Cb%3E");
    const text = (await page.textContent(".runs tbody")) ?? "";
    for (const part of [
      "a/b?c#d <b>",
      "stop",
      "not flagged",
      "40 generated",
      "country-channel −1.25 clear",
      "no trace kept",
    ])
      expect(text).toContain(part);
    await page.fill("#find-id", "request-1");
    await page.click(".find-form button");
    await page.click(`.runs a:text-is("item, waiting")`);
    await page.waitForSelector(`.facts:has-text("${traceId(1)}")`, { state: "attached" });
    await page.goBack();
    await page.waitForSelector(".runs :text-is('request-1')");
    expect(await page.inputValue("#find-id")).toBe("request-1");
    expect(troubles).toEqual([]);
  });

  test("what a blind item hides is hidden here until the verdict", async () => {
    const server = await start();
    const { page, troubles } = await visit(server.origin, { hash: "#/find/request-2" });
    await page.waitForSelector(".runs");
    const text = (await page.textContent(".runs tbody")) ?? "";
    expect(text).toContain("Hidden until you have given a verdict");
    expect(text).toContain("item, waiting");
    expect(text).not.toMatch(/country-channel|abort|generated|flagged/);
    await server.decisions.add(sampleDecision(2, { reviewer: "ada" }));
    await page.click(".find-form button");
    await page.waitForSelector(".runs td:has-text('action abort')");
    expect(troubles).toEqual([]);
  });

  test("an id that nobody knows, and one that none can be, are said in a sentence", async () => {
    const server = await start();
    const { page } = await visit(server.origin, { hash: "#/find/request-9" });
    await page.waitForSelector(".nothing:has-text('another desk')");
    await page.evaluate("location.hash = '#/find/%'");
    await page.waitForSelector(".nothing");
    expect(await page.inputValue("#find-id")).toBe("%");
    await page.evaluate(`location.hash = "#/find/${"x".repeat(257)}"`);
    await page.waitForSelector(".failed");
  });
});

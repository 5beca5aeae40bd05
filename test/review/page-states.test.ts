import { expect, onTestFinished, test } from "vitest";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser, openItem } from "./console-page.ts";
import { startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

/** A notice goes after seconds, sooner than a busy machine looks; its text stays. */
const SAID = { state: "attached" } as const;

async function start() {
  const server = await startReviewServer(temporaryFolder());
  onTestFinished(async () => {
    await server.close();
  });
  return server;
}

describeInBrowser("the review page when things are empty, slow or broken", (visit) => {
  test("an empty queue says so, and a new item appears by itself", async () => {
    const server = await start();
    const { page, troubles } = await visit(server.origin);
    await page.waitForSelector(".empty:has-text('Nothing waits.')");
    await server.add(sushiTrace(1));
    await page.waitForSelector(".row", { timeout: 8_000 });
    await expect.poll(() => page.title()).toBe("(1) Queue · lensgate");
    expect(troubles).toEqual([]);
  });

  test("grey rows stand in until the list is there", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page } = await visit(server.origin, { name: "" });
    await page.route("**/api/review/items*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      await route.continue();
    });
    await page.fill("#login-name", "ada");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".skeleton-row");
    await page.waitForSelector(".row");
    expect(await page.locator(".skeleton-row").count()).toBe(0);
  });

  test("a gateway that is gone is told apart from an empty queue, a verdict is kept, and the page recovers by itself", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.fill(".verdict textarea", "kept");
    await page.check("[value=true_positive]");
    await page.context().setOffline(true);
    await page.click(".verdict .primary");
    await page.waitForSelector("#notice.bad:has-text('The gateway does not answer.')", SAID);
    await page.waitForSelector("#touch.offline:has-text('no answer since')");
    expect(await page.inputValue(".verdict textarea")).toBe("kept");
    expect(await page.locator("[value=true_positive]").isChecked()).toBe(true);
    await page.context().setOffline(false);
    await page.waitForSelector("#touch:not(.offline)", { timeout: 15_000 });
    await page.click(".verdict .primary");
    await expect.poll(async () => (await server.decisions.latest(traceId(1)))?.note).toBe("kept");
  });

  test("what the gateway refuses is said in its own words, with another try", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page } = await visit(server.origin);
    await openItem(page, traceId(99));
    await page.waitForSelector(".failed:has-text('There is no trace')");
    await page.evaluate('location.hash = "#/statistics"');
    await page.waitForSelector(".failed:has-text('This gateway has no statistics.')");
    await page.route("**/api/review/items?*", (route) =>
      route.fulfill({
        status: 503,
        json: { error: { message: "The review queue cannot be reached.", code: "review_unavailable" } },
      }),
    );
    await page.evaluate('location.hash = "#/?state=claimed"');
    await page.waitForSelector("#list-failed:has-text('The review queue cannot be reached.')");
    await page.unroute("**/api/review/items?*");
    await page.click("#list-again");
    await page.waitForSelector(".empty");
    expect(await page.locator("#list-failed").isVisible()).toBe(false);
  });

  test("an address that means nothing shows the queue", async () => {
    const server = await start();
    for (const hash of ["#/item/../../etc/passwd", "#/item/<img>", "#/nowhere", "#/?state=__proto__&detector=x"]) {
      const { page, troubles } = await visit(server.origin, { hash });
      await page.waitForSelector(".empty");
      expect(await page.getAttribute("body", "data-page")).toBe("queue");
      expect(troubles).toEqual([]);
    }
  });

  test("single keys do nothing once they are switched off, and help says what they do", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page } = await visit(server.origin);
    await page.waitForSelector(".row");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    expect(await page.textContent("dialog")).toContain("next and previous item");
    await page.uncheck("dialog input");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    await page.keyboard.press("j");
    await page.waitForTimeout(200);
    expect(new URL(page.url()).hash).toBe("");
  });
});

import { expect, onTestFinished, test } from "vitest";
import { openRig } from "../gateway/records-rig.ts";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser, openItem } from "./console-page.ts";
import { hashPassword } from "../../src/review/password.ts";
import { CHEAP, startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

/** A notice goes after seconds, sooner than a busy machine looks; its text stays. */
const SAID = { state: "attached" } as const;

/** A desk whose traces are deleted as a gateway does it. */
async function start(changes: Parameters<typeof startReviewServer>[1] = {}) {
  const folder = temporaryFolder();
  const { records } = openRig({ folder });
  const server = await startReviewServer(folder, { ...changes, parts: { erasing: records.erasing } });
  onTestFinished(async () => {
    await server.close();
  });
  for (const number of [1, 2]) await server.add(sushiTrace(number));
  const lastDeletion = async () =>
    (await server.audit.list({ limit: 9 })).map(({ entry }) => entry).find(({ event }) => event === "delete");
  return { ...server, lastDeletion };
}

describeInBrowser("deleting a trace", (visit) => {
  test("takes a reason and a second word, then the page says so, and its claim is gone without a sound", async () => {
    const server = await start();
    const { page, troubles } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.click(".verdict button:has-text('Claim for me')");
    await page.waitForSelector("#lease");
    await page.click("[data-delete]");
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("delete-reason");
    await page.click("dialog button:text-is('Close')");
    expect(await server.traces.get(traceId(1))).toBeDefined();
    await page.click("[data-delete]");
    await page.click("dialog button:text-is('Delete for good')");
    await page.waitForSelector("#delete-wrong:has-text('Say why')");
    expect(await server.traces.get(traceId(1))).toBeDefined();
    await page.fill("#delete-reason", "asked for by its writer");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector(`.gone:has-text("This trace is deleted: ${traceId(1)}")`);
    expect(await page.locator("dialog").count()).toBe(0);
    expect(await server.traces.get(traceId(1))).toBeUndefined();
    expect(await server.lastDeletion()).toMatchObject({ actor: "ada", detail: { reason: "asked for by its writer" } });
    await expect.poll(() => page.locator(".row").count()).toBe(1);
    for (const key of ["c", "1", "m", "p", "u"]) await page.keyboard.press(key);
    await page.keyboard.press("j");
    await page.waitForSelector(`.facts:has-text("${traceId(2)}")`, { state: "attached" });
    expect(troubles).toEqual([]);
  });

  test("another console that has it open shows that it is gone, and goes on", async () => {
    const server = await start();
    const [one, other] = [await visit(server.origin), await visit(server.origin, { name: "grace" })];
    await openItem(other.page, traceId(1));
    await other.page.fill(".verdict textarea", "half a thought");
    await openItem(one.page, traceId(1));
    await one.page.click("[data-delete]");
    await one.page.fill("#delete-reason", "asked for");
    await one.page.click("dialog button:text-is('Delete for good')");
    await other.page.waitForSelector(".gone", { timeout: 15_000 });
    expect(await other.page.locator(".turn").count()).toBe(0);
    await expect.poll(() => other.page.locator(".row").count()).toBe(1);
    await other.page.click(".row");
    await other.page.check("[value=unsure]");
    await other.page.click(".verdict .primary");
    await other.page.waitForSelector("#notice:has-text('Recorded')", SAID);
    expect([one.troubles, other.troubles]).toEqual([[], []]);
  });

  test("what was found is deleted where it stands, and then stands there as deleted", async () => {
    const server = await start();
    const { page, troubles } = await visit(server.origin, { hash: "#/find/request-1" });
    await page.click(".runs [data-delete]");
    await page.fill("#delete-reason", "asked for");
    await page.click("dialog button:text-is('Delete for good')");
    await page.waitForSelector("#notice:has-text('Deleted')", SAID);
    // Without a score row the request's id leads nowhere any more; the trace's own id still tells.
    await page.waitForSelector(".nothing");
    await page.fill("#find-id", traceId(1));
    await page.keyboard.press("Enter");
    await page.waitForSelector(".runs td:has-text('trace deleted')");
    expect(await page.locator("[data-delete]").count()).toBe(0);
    await page.click(".runs a:text-is('audit trail')");
    await page.waitForSelector(".audit td:has-text('asked for')");
    expect(troubles).toEqual([]);
  });

  test("what cannot be deleted says why, and who is no lead is not asked", async () => {
    const password = await hashPassword("secret", CHEAP);
    const reviewers = [
      { name: "ada", role: "reviewer", password },
      { name: "lin", role: "lead", password },
    ] as const;
    const server = await start({ settings: { reviewers } });
    server.database.prepare("UPDATE traces SET state = 'open'").run();
    const lead = await visit(server.origin, { name: "lin", password: "secret" });
    await openItem(lead.page, traceId(1));
    await lead.page.click("[data-delete]");
    await lead.page.fill("#delete-reason", "asked for");
    await lead.page.click("dialog button:text-is('Delete for good')");
    await lead.page.waitForSelector("#delete-wrong:has-text('still being written')");
    const { page } = await visit(server.origin, { name: "ada", password: "secret" });
    await openItem(page, traceId(1));
    await page.waitForSelector(".audit-link");
    expect(await page.locator("[data-delete]").count()).toBe(0);
    await page.evaluate("location.hash = '#/find/request-1'");
    await page.waitForSelector(".runs");
    expect(await page.locator("[data-delete]").count()).toBe(0);
  });
});

import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { ReviewerConfig } from "../../src/config/review-config.ts";
import { hashPassword } from "../../src/review/password.ts";
import { traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser, logInOn, openItem } from "./console-page.ts";
import { drawnTrace, fillDesk, DESCRIPTIONS } from "./filled-desk.ts";
import { startReviewServer, type ServerChanges } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

/** A notice goes after seconds, sooner than a busy machine looks; its text stays. */
const SAID = { state: "attached" } as const;

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => {
    await server.close();
  });
  return server;
}

const CHEAP = { N: 1_024, r: 8, p: 1 };
const people: ReviewerConfig[] = [];
beforeAll(async () => {
  for (const name of ["ada", "grace", "lin"]) {
    const role = name === "lin" ? "lead" : "reviewer";
    people.push({ name, role, password: await hashPassword(`${name}'s secret`, CHEAP) });
  }
});
const as = (name: string) => ({ name, password: `${name}'s secret` });

describeInBrowser("several reviewers at the desk", (visit) => {
  test("a login takes the right password, says so when it is wrong, and a logout ends it", async () => {
    const server = await start({ settings: { reviewers: people } });
    const { page } = await visit(server.origin, { name: "" });
    await page.waitForSelector("#login-password");
    expect(await page.evaluate("document.activeElement.id")).toBe("login-name");
    await page.fill("#login-name", "ada");
    await page.fill("#login-password", "wrong");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".form-error:has-text('Name or password is wrong.')");
    expect(await page.inputValue("#login-password")).toBe("");
    await logInOn(page, "ada", "ada's secret");
    await page.waitForSelector("#who:has-text('ada reviewer')");
    await page.reload();
    await page.waitForSelector("#who:has-text('ada reviewer')");
    await page.click("#leave");
    await page.waitForSelector("#login-name");
    expect(await page.locator("#me").isVisible()).toBe(false);
  });

  test("a blind item hides its scores until the verdict, and shows them after it", async () => {
    const server = await start({ parts: { descriptions: DESCRIPTIONS } });
    await server.add(drawnTrace(1));
    const { page, troubles } = await visit(server.origin);
    await page.click(".row");
    await page.waitForSelector(".reason.blind");
    const text = (await page.textContent("main")) ?? "";
    expect(text).toContain("Is this so? The model has a country in mind.");
    for (const secret of ["4.61", "sample", "threshold 5", "1 in 50", "stopped"]) expect(text).not.toContain(secret);
    expect(await page.locator(".strip, .picture, .heat, .fired").count()).toBe(0);
    await page.keyboard.press("2");
    await page.keyboard.press("Enter");
    await page.click("#notice button:has-text('Show the scores')");
    await page.waitForSelector(".reason.sampled");
    expect(await page.textContent(".reason")).toContain("Drawn from replies near the threshold, 1 in 50");
    expect(await page.textContent(".reason")).toContain("4.61");
    expect(troubles).toEqual([]);
  });

  test("a second opinion is asked of someone else, without telling what the first one said", async () => {
    const server = await start({ settings: { reviewers: people, secondOpinion: 1 } });
    await server.add(sushiTrace(1));
    const ada = await visit(server.origin, as("ada"));
    await ada.page.click(".row");
    await ada.page.waitForSelector(".verdict");
    await ada.page.fill(".verdict textarea", "plainly Japan");
    await ada.page.check("[value=true_positive]");
    await ada.page.click(".verdict .primary");
    await ada.page.waitForSelector("#notice:has-text('A second reviewer will look, too.')", SAID);
    await openItem(ada.page, traceId(1));
    await ada.page.waitForSelector(".barred:has-text('You gave your opinion on this')");
    expect(await ada.page.locator("[value=unsure]").isDisabled()).toBe(true);

    const grace = await visit(server.origin, as("grace"));
    await grace.page.waitForSelector(".badge.stage:has-text('second opinion')");
    await grace.page.click(".row");
    await grace.page.waitForSelector(".stage:has-text('Second opinion.')");
    expect(await grace.page.textContent("main")).not.toContain("plainly Japan");
    await grace.page.keyboard.press("1");
    await grace.page.keyboard.press("Enter");
    await expect.poll(async () => (await server.queue.get(traceId(1)))?.state).toBe("decided");
    await openItem(grace.page, traceId(1));
    await grace.page.waitForSelector(".history:has-text('plainly Japan')");
    expect([ada.troubles, grace.troubles]).toEqual([[], []]);
  });

  test("an escalated item waits for a lead, who cannot escalate it again", async () => {
    const server = await start({ settings: { reviewers: people } });
    await server.add(sushiTrace(1));
    const ada = await visit(server.origin, as("ada"));
    await ada.page.click(".row");
    await ada.page.waitForSelector(".verdict");
    await ada.page.keyboard.press("4");
    await ada.page.keyboard.press("Enter");
    await ada.page.waitForSelector("#notice:has-text('A lead will look.')", SAID);
    const grace = await visit(server.origin, { ...as("grace"), hash: `#/item/${traceId(1)}` });
    await grace.page.waitForSelector(".barred:has-text('This waits for a lead.')");
    const lin = await visit(server.origin, { ...as("lin"), hash: `#/item/${traceId(1)}` });
    await lin.page.waitForSelector(".stage:has-text('Escalated.')");
    expect(await lin.page.locator("[value=escalate]").isDisabled()).toBe(true);
    await lin.page.keyboard.press("1");
    await lin.page.keyboard.press("Enter");
    await expect.poll(async () => (await server.queue.get(traceId(1)))?.state).toBe("decided");
    expect([ada.troubles, grace.troubles, lin.troubles]).toEqual([[], [], []]);
  });

  test("an item that someone holds is seen as theirs, live, and its verdict cannot be given from here", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const ada = await visit(server.origin, { name: "ada" });
    const grace = await visit(server.origin, { name: "grace" });
    await grace.page.waitForSelector(".tabs [data-state=waiting]:has-text('1')");
    await ada.page.click("#next");
    await ada.page.waitForSelector("#lease");
    await grace.page.waitForSelector(".tabs [data-state=claimed]:has-text('1')");
    await grace.page.waitForSelector(".empty:has-text('Nothing waits.')");
    await grace.page.click("[data-state=claimed]");
    await grace.page.waitForSelector(".row:has-text('with ada')");
    await grace.page.click(".row");
    await grace.page.waitForSelector(".barred:has-text('Being reviewed by ada.')");
    expect([ada.troubles, grace.troubles]).toEqual([[], []]);
  });

  test("the list is narrowed by filters that stay in the address, and traces that joined an item lead to it", async () => {
    const server = await start({ parts: { descriptions: DESCRIPTIONS } });
    await fillDesk(server);
    const { page, troubles } = await visit(server.origin);
    await expect.poll(() => page.locator(".row").count()).toBe(9);
    await page.selectOption("[name=detector]", "deception-lie");
    await expect.poll(() => page.locator(".row").count()).toBe(1);
    expect(new URL(page.url()).hash).toBe("#/?state=waiting&detector=deception-lie");
    await page.reload();
    await expect.poll(() => page.locator(".row").count()).toBe(1);
    await page.selectOption("[name=action]", "abort");
    await page.waitForSelector(".empty:has-text('No item fits these filters.')");
    await page.click("#clear");
    await expect.poll(() => page.locator(".row").count()).toBe(9);
    await page.click("summary:has-text('More filters')");
    await page.selectOption("[name=minAgeMinutes]", "15");
    await expect.poll(() => page.locator(".row").count()).toBe(6);

    await page.click(".row:has-text('× 13')");
    await page.waitForSelector(".members");
    await page.click(".members summary");
    expect(await page.locator(".members a").count()).toBe(12);
    await page.click(".members a >> nth=0");
    await page.waitForSelector(".panel:has-text('joined it')");
    await page.click(".panel a:text-is('to the item')");
    await page.waitForSelector(".verdict");
    expect(troubles).toEqual([]);
  });

  test("notes and similar earlier items stand beside the evidence", async () => {
    const server = await start({ parts: { descriptions: DESCRIPTIONS } });
    await fillDesk(server);
    const { page, troubles } = await visit(server.origin, { hash: `#/item/${traceId(7)}` });
    await page.waitForSelector(".notes");
    expect(await page.textContent(".notes")).toContain("The same caller asked this three times today.");
    await page.fill(".notes textarea", "Asked the team.");
    await page.click(".notes button");
    await page.waitForSelector(".notes li:has-text('Asked the team.')");
    expect(await page.inputValue(".notes textarea")).toBe("");
    expect(await page.textContent("section:has(.similar)")).toContain("3 true positive");
    await page.click(".similar a >> nth=0");
    await page.waitForSelector(".verdict button:has-text('Replace')");
    expect(troubles).toEqual([]);
  });

  test("what a reviewer may hold but has abandoned too often is revived by a lead", async () => {
    const passed = { ms: 0 };
    const server = await start({ passedMs: () => passed.ms, settings: { sessionMs: 1e12 } });
    await server.add(sushiTrace(1));
    for (let turn = 0; turn < 25; turn += 1) {
      await server.queue.claim({ reviewer: "away", leaseMs: 1_000, traceId: traceId(1) });
      passed.ms += 2_000;
      await server.queue.stats();
    }
    expect((await server.queue.get(traceId(1)))?.state).toBe("dead");
    const { page } = await visit(server.origin);
    await page.click("[data-state=dead]");
    await page.click(".row");
    await page.click(".verdict button:has-text('Revive')");
    await expect.poll(async () => (await server.queue.get(traceId(1)))?.state).toBe("waiting");
    await page.waitForSelector(".verdict button:has-text('Claim for me')");
  });
});

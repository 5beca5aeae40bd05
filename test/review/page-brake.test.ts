import { expect, onTestFinished, test } from "vitest";
import { hashPassword } from "../../src/review/password.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser } from "./console-page.ts";
import { openOverrideDesk } from "./override-desk.ts";
import { CHEAP, startReviewServer, type ServerChanges } from "./review-server.ts";

const PATIENCE = { timeout: 10_000 };
const PASSWORD = "a long secret";

async function start(settings: ServerChanges["settings"] = {}) {
  const folder = temporaryFolder();
  const { store, parts } = openOverrideDesk(folder);
  const server = await startReviewServer(folder, { parts, settings });
  onTestFinished(async () => void (await server.close()));
  return { server, store };
}

describeInBrowser("the page of overrides", (visit) => {
  test("a lead loosens a detector by keys alone, everyone sees it, and it is ended there", async () => {
    const { server, store } = await start();
    const { page, troubles } = await visit(server.origin);
    await page.click("[data-page-link=overrides]");
    await page.waitForSelector(".override-form");
    expect(await page.locator(".override-list").textContent()).toContain("No override is in force");
    await page.focus("#override-detector");
    await page.keyboard.press("ArrowDown");
    for (const _ of ["mode", "minutes", "reason"]) await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.id")).toBe("override-reason");
    // Without a reason nothing is sent.
    await page.keyboard.press("Enter");
    expect(store.list()).toEqual([]);
    await page.keyboard.type("<img src=x onerror=alert(1)> all night");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".override", PATIENCE);
    expect(store.list()).toMatchObject([
      { detector: "sky", mode: "monitor", actor: "ada", reason: "<img src=x onerror=alert(1)> all night" },
    ]);
    const shown = await page.locator(".override").textContent();
    for (const part of ["sky", "monitor", "ada", "<img src=x onerror=alert(1)> all night", "this gateway"])
      expect(shown).toContain(part);
    await page.waitForSelector("#overrides p", PATIENCE);
    expect(await page.inputValue("#override-reason")).toBe("");

    await page.click(".override button:text-is('End it now')");
    await page.waitForSelector(".override", { ...PATIENCE, state: "detached" });
    await page.waitForSelector("#overrides", { ...PATIENCE, state: "hidden" });
    expect(store.list()).toEqual([]);
    expect(troubles.filter((trouble) => !trouble.includes("404"))).toEqual([]);
  });

  test("what is refused is said, and what was typed stays", async () => {
    const { server } = await start();
    const { page } = await visit(server.origin, { hash: "#/overrides" });
    await page.fill("#override-reason", "a\u202eb");
    await page.click(".override-form .primary");
    await page.waitForSelector("#notice.bad", { ...PATIENCE, state: "attached" });
    expect(await page.textContent("#notice")).toContain("characters that do not show");
    expect(await page.inputValue("#override-reason")).toBe("a\u202eb");
  });

  test("a reviewer who is no lead sees what is in force, set elsewhere while the page is open, and nothing to press", async () => {
    const reviewers = [{ name: "ada", role: "reviewer", password: await hashPassword(PASSWORD, CHEAP) }] as const;
    const { server, store } = await start({ reviewers });
    const { page } = await visit(server.origin, { password: PASSWORD, hash: "#/overrides" });
    await page.waitForSelector(".override-list");
    const made = {
      id: `ov_${"0".repeat(16)}`,
      mode: "observe",
      since: Date.now(),
      actor: "\u202elea",
      reason: "x",
    } as const;
    store.add({ ...made, detector: null, until: Date.now() + 3_600_000, gateway: "f".repeat(16) });
    await page.waitForSelector(".override", PATIENCE);
    const shown = await page.locator(".override").textContent();
    for (const part of ["Every detector", "observe", "⟨U+202E⟩lea", "f".repeat(16)]) expect(shown).toContain(part);
    expect(await page.locator(".override button, .override-form").count()).toBe(0);
    expect(await page.locator("#main").textContent()).toContain("Only a lead");
  });
});

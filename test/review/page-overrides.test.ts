import { expect, onTestFinished, test } from "vitest";
import type { Override } from "../../src/trace/override-store.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser } from "./console-page.ts";
import { startReviewServer } from "./review-server.ts";

const until = () => Date.now() + 2 * 3_600_000;

describeInBrowser("the banner of overrides", (visit) => {
  test("says on every page what is loosened, for how long, by whom and why, and goes when it is over", async () => {
    let overrides: Override[] = [];
    const server = await startReviewServer(temporaryFolder(), { parts: { overrides: () => overrides } });
    onTestFinished(async () => void (await server.close()));
    const { page, troubles } = await visit(server.origin);
    await page.waitForSelector("#touch");
    expect(await page.isVisible("#overrides")).toBe(false);
    const made = { id: "ov_1", mode: "monitor", since: 0, actor: "ada", reason: "it fires at everything" } as const;
    overrides = [
      { ...made, detector: "harm-intent", until: until() },
      {
        ...made,
        id: "ov_2",
        detector: null,
        mode: "observe",
        until: until(),
        reason: "<img src=x onerror=alert(1)>\u202e",
      },
    ];
    await page.waitForSelector("#overrides p");
    expect(await page.locator("#overrides p").allTextContents()).toEqual([
      "harm-intent is overridden to monitor: it stops nothing. 2 h left, ada: it fires at everything",
      "Every detector is overridden to observe: it only counts. 2 h left, ada: <img src=x onerror=alert(1)>⟨U+202E⟩",
    ]);
    for (const hash of ["#/audit", "#/statistics", "#/"]) {
      await page.evaluate(`location.hash = "${hash}"`);
      expect(await page.isVisible("#overrides"), hash).toBe(true);
    }
    overrides = [];
    await page.waitForSelector("#overrides", { state: "hidden" });
    expect(troubles.filter((trouble) => !trouble.includes("404"))).toEqual([]);
  });

  test("fits on a small screen, however long its reason is", async () => {
    const reason = "a-word-that-is-so-long-that-no-line-has-room-for-it-and-it-must-be-broken-somewhere-to-be-seen";
    const override = { id: "ov_1", detector: "sea", mode: "monitor", since: 0, until: until(), actor: "ada" } as const;
    const server = await startReviewServer(temporaryFolder(), {
      parts: { overrides: () => [{ ...override, reason }] },
    });
    onTestFinished(async () => void (await server.close()));
    const { page } = await visit(server.origin, { width: 380, colorScheme: "dark" });
    await page.waitForSelector("#overrides p");
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });
});

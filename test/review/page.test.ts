import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { sampleHead, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser, logInOn, openItem } from "./console-page.ts";
import { startReviewServer, type ServerChanges } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

/** A notice goes after seconds, sooner than a busy machine looks; its text stays. */
const SAID = { state: "attached" } as const;

const CLAIM = ".verdict button:has-text('Claim for me')";
const RELEASE = ".verdict button:has-text('Release')";

async function start(changes: ServerChanges = {}) {
  const server = await startReviewServer(temporaryFolder(), changes);
  onTestFinished(async () => {
    await server.close();
  });
  return server;
}

const reasonOf = async (page: Page) => (await page.textContent(".reason")) ?? "";

describeInBrowser("the review page in a browser", (visit) => {
  test("an item says at once what fired, where, how strongly and what became of the reply", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page, troubles } = await visit(server.origin);
    await page.waitForSelector(".row");
    await page.keyboard.press("j");
    await page.waitForSelector(".reply");
    expect(await page.textContent(".turns")).toContain("Tell me about sushi.");
    expect(await page.textContent(".released")).toBe("Sushi is");
    expect(await page.textContent(".cut")).toBe("stopped here");
    expect(await page.textContent(".withheld")).toBe("never sent:  a Japanese");
    expect(await page.textContent("mark.fired")).toBe(" a");
    const reason = await reasonOf(page);
    for (const part of [
      "country-channel",
      "Does the reply name a country?: Japan",
      "5.62",
      "threshold 5.00",
      "23.attn_out",
      "position 63",
      "␣a",
      "after 3 tokens; 2 tokens never left",
      "Japan91 %",
      "␣Japanese41 %",
    ])
      expect(reason).toContain(part);
    expect(troubles).toEqual([]);
  });

  test("the live scores are read with the pointer and with arrow keys, and mark their token in the reply", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page, troubles } = await visit(server.origin);
    await openItem(page, traceId(1));
    expect(await page.locator(".strip").count()).toBe(2);
    expect(await page.locator(".strip-row.own .cell").count()).toBe(64);
    expect(await page.locator(".cell.over").count()).toBe(1);
    await page.hover(".strip-row.own .cell.over");
    expect(await page.textContent(".strips .readout")).toContain("␣a at 63: country-channel 5.60");
    expect(await page.textContent(".reply .at")).toBe(" a");
    await page.mouse.move(0, 0);
    await page.focus(".scrubber");
    for (const key of ["End", "ArrowLeft"]) await page.keyboard.press(key);
    expect(await page.getAttribute(".scrubber", "aria-valuetext")).toBe(
      'position 62, token " is": country-channel 2.10, audit-approval −5.30',
    );
    expect(await page.textContent(".reply .at")).toBe(" is");
    await page.click("[aria-label='Colour the reply by'] button >> nth=1");
    expect(await page.locator(".reply .heat").count()).toBe(3);
    expect(troubles).toEqual([]);
  });

  test("an item is decided with the keyboard alone, the next one opens, and the verdict is undone and replaced", async () => {
    const server = await start();
    for (const number of [1, 2]) await server.add(sushiTrace(number));
    const { page, troubles } = await visit(server.origin);
    await page.waitForSelector(".row");
    const [first = "", second = ""] = (await server.queue.list({ limit: 9 })).map((item) => item.traceId);
    await page.keyboard.press("j");
    await page.waitForSelector(".reply");
    await page.keyboard.press("m");
    await page.keyboard.type("1 2 jk & <b>note</b>");
    expect(await page.locator("[name=verdict]:checked").count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.keyboard.press("2");
    expect(await page.locator("[value=false_positive]").isChecked()).toBe(true);
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).hash).toBe(`#/item/${second}`);
    const note = "1 2 jk & <b>note</b>";
    expect(await server.decisions.latest(first)).toMatchObject({ verdict: "false_positive", reviewer: "ada", note });
    expect(await server.queue.get(first)).toMatchObject({ state: "decided" });
    await page.waitForSelector("#notice:has-text('Recorded: false positive')", SAID);

    await page.keyboard.press("u");
    await expect.poll(() => new URL(page.url()).hash).toBe(`#/item/${first}`);
    expect(await server.decisions.latest(first)).toBeUndefined();
    await expect.poll(async () => (await server.queue.get(first))?.state).toBe("waiting");

    await page.waitForSelector(".history");
    await page.keyboard.press("3");
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await server.decisions.latest(first))?.verdict).toBe("unsure");
    await openItem(page, first);
    await page.waitForSelector(".verdict button:has-text('Replace')");
    expect(await page.textContent(".history")).toContain(note);
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await server.decisions.latest(first))?.verdict).toBe("true_positive");
    expect(troubles).toEqual([]);
  });

  test("a claim holds the item and shows its time until it is released or another item is opened", async () => {
    const server = await start();
    for (const number of [1, 2]) await server.add(sushiTrace(number));
    const { page, troubles } = await visit(server.origin);
    const stateOf = async (number: number) => (await server.queue.get(traceId(number)))?.state;
    await openItem(page, traceId(1));
    await page.fill(".verdict textarea", "half a thought");
    await page.click(CLAIM);
    await page.waitForSelector(RELEASE);
    expect(await page.inputValue(".verdict textarea")).toBe("half a thought");
    expect(await page.textContent("#lease")).toMatch(/^yours for (5:00|4:5\d)$/);
    expect(await stateOf(1)).toBe("claimed");
    await page.click(RELEASE);
    await page.waitForSelector(CLAIM);
    expect(await stateOf(1)).toBe("waiting");
    await page.locator(".reason").click();
    await page.keyboard.press("c");
    await page.waitForSelector(RELEASE);
    await openItem(page, traceId(2));
    await expect.poll(() => stateOf(1)).toBe("waiting");
    await openItem(page, traceId(1));
    await expect.poll(() => page.inputValue(".verdict textarea")).toBe("half a thought");
    expect(troubles).toEqual([]);
  });

  test("the most urgent item is claimed and opened with one key, and leaving the page gives it back", async () => {
    const server = await start();
    for (const number of [1, 2]) await server.add(sushiTrace(number));
    const [first = ""] = (await server.queue.list({ limit: 1 })).map((item) => item.traceId);
    const { page } = await visit(server.origin);
    await page.waitForSelector(".row");
    await page.keyboard.press("n");
    await page.waitForSelector(RELEASE);
    expect(new URL(page.url()).hash).toBe(`#/item/${first}`);
    expect(await server.queue.get(first)).toMatchObject({ state: "claimed", claimedBy: "ada" });
    await page.goto(`${server.origin}/api/session`);
    await expect.poll(async () => (await server.queue.get(first))?.state).toBe("waiting");
  });

  test("an active reviewer keeps a claim, and one who has left is told that it ran out", async () => {
    const passed = { ms: 0 };
    const server = await start({ settings: { leaseMs: 8_000 }, passedMs: () => passed.ms });
    await server.add(sushiTrace(1));
    const { page } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.click(CLAIM);
    await page.waitForSelector(RELEASE);
    const leaseOf = async () => (await server.queue.get(traceId(1)))?.leaseUntil ?? 0;
    const first = await leaseOf();
    await expect
      .poll(
        async () => {
          await page.mouse.move(Math.random() * 200, 300);
          return leaseOf();
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(first);
    await page.waitForSelector("#notice:has-text('Your claim ran out')", { timeout: 20_000 });
    await page.waitForSelector(CLAIM);
    await page.click("#notice button:has-text('Claim again')");
    await page.waitForSelector(RELEASE);
  });

  test("what was typed survives the end of a session", async () => {
    const server = await start();
    await server.add(sushiTrace(1));
    const { page } = await visit(server.origin);
    await openItem(page, traceId(1));
    await page.fill(".verdict textarea", "not lost");
    await page.check("[value=unsure]");
    server.database.prepare("DELETE FROM sessions").run();
    await page.click(".verdict .primary");
    await page.waitForSelector("#login-name");
    expect(await page.textContent(".login")).toContain("Your session ended");
    await logInOn(page, "ada");
    await page.waitForSelector(".verdict");
    expect(await page.inputValue(".verdict textarea")).toBe("not lost");
    await page.click(".verdict .primary");
    await expect.poll(async () => (await server.decisions.latest(traceId(1)))?.note).toBe("not lost");
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
          await page.waitForSelector(".list", { state: "visible" });
        }
      }
    }
  });
});

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInBrowser, openItem } from "../review/console-page.ts";
import { openDesk } from "../support/desk-client.ts";
import { describeWithRedis } from "../support/redis-server.ts";
import { passwordOf, startTwoConsoles, type TwoConsoles } from "../support/two-consoles.ts";

/** A folder for pictures of the pages; none are taken without it. */
const PICTURES = process.env["LENSGATE_PICTURES"];
const PATIENCE = { timeout: 20_000 };
const REREAD = { timeout: 240_000 };

const QUESTIONS = {
  one: ["Tell me about sushi.", "What is the capital of Germany?", "What do people eat in Italy?"],
  two: ["Tell me about the rivers of France.", "What is the capital of Spain?", "Who lives in Brazil?"],
};

let desk: TwoConsoles;
/** Traces by the gateway that has them. */
const traces = { one: [] as string[], two: [] as string[] };

const as = (name: string) => ({ name, password: passwordOf(name) });
const has = (page: Page, selector: string) => page.waitForSelector(selector, PATIENCE);
const idOf = (place: "one" | "two", index: number): string => traces[place][index] ?? "";

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
}

/** What the queue and the stores say of an item, asked of either console. */
async function stateOf(console: string, traceId: string) {
  const client = await openDesk(console, "lin", passwordOf("lin"));
  const { body } = await client.call(`items/${traceId}`);
  const { item, decisions } = body as unknown as {
    readonly item: { readonly state: string; readonly stage: string } | null;
    readonly decisions: readonly { readonly verdict: string; readonly reviewer: string }[];
  };
  return {
    state: item?.state,
    stage: item?.stage,
    verdicts: decisions.map(({ reviewer, verdict }) => `${reviewer} ${verdict}`),
  };
}

/** Both consoles must come to say the same. */
async function bothSay(traceId: string, expected: object): Promise<void> {
  for (const { console } of [desk.one, desk.two])
    await expect.poll(() => stateOf(console, traceId), PATIENCE).toMatchObject(expected);
}

describeWithRedis("two gateways and two consoles on one Redis", () => {
  beforeAll(async () => {
    desk = await startTwoConsoles({ second_opinion: 0 });
    traces.one = await desk.flag(desk.one, QUESTIONS.one);
    traces.two = await desk.flag(desk.two, QUESTIONS.two);
    traces.two.push(...(await desk.flag(desk.two, ["Tell me about sushi and rice."], "stop")));
  });
  afterAll(() => desk?.stop());

  describeInBrowser("in a browser", (visit) => {
    test("each console lists the items of both, and shows the other's with its conversation and its picture", async () => {
      const ada = await visit(desk.one.console, as("ada"));
      const grace = await visit(desk.two.console, { ...as("grace"), colorScheme: "dark" });
      for (const { page } of [ada, grace]) await expect.poll(() => page.locator(".row").count(), PATIENCE).toBe(7);
      for (const [{ page }, place, name] of [
        [ada, "two", "ada"],
        [grace, "one", "grace"],
      ] as const) {
        await openItem(page, idOf(place, 0));
        expect(await page.textContent(".turns")).toContain(QUESTIONS[place][0]);
        await page.waitForSelector(".picture-frame", REREAD);
        await expect.poll(() => coloursOf(page), PATIENCE).toBeGreaterThan(20);
        expect(await page.textContent(".reread")).toContain("reproduced");
        await picture(page, `other-${name}`);
      }
      expect([ada.troubles, grace.troubles]).toEqual([[], []]);
    });

    test("what one reviewer claims is the other's to see and not to decide, and of two who reach for it one gets it", async () => {
      const ada = await visit(desk.one.console, as("ada"));
      const grace = await visit(desk.two.console, as("grace"));
      const [of, race] = [idOf("two", 0), idOf("one", 0)];
      await openItem(ada.page, of);
      await ada.page.click(".verdict button:has-text('Claim for me')");
      await has(ada.page, "#lease");
      await openItem(grace.page, of);
      await has(grace.page, ".barred:has-text('Being reviewed by ada.')");
      await picture(grace.page, "held");
      await ada.page.click(".verdict button:has-text('Release')");
      await bothSay(of, { state: "waiting", stage: "first" });

      for (const { page } of [ada, grace]) await openItem(page, race);
      await Promise.all([ada, grace].map(({ page }) => page.click(".verdict button:has-text('Claim for me')")));
      const outcomes = await Promise.all(
        [ada, grace].map(async ({ page }) => {
          await has(page, "#lease, #notice:has-text('Someone else has this item by now.')");
          return page.locator("#lease").count();
        }),
      );
      expect(outcomes.reduce((sum, each) => sum + each)).toBe(1);
      // A refused claim is an answer of 200: no console says that anything failed.
      expect([ada.troubles, grace.troubles]).toEqual([[], []]);
    });

    test("a verdict given at one console is undone there and given again, and both consoles have the same history", async () => {
      const ada = await visit(desk.one.console, as("ada"));
      const grace = await visit(desk.two.console, as("grace"));
      const id = idOf("two", 1);
      await openItem(ada.page, id);
      await ada.page.fill(".verdict textarea", "plainly a country");
      await ada.page.keyboard.press("Escape");
      await ada.page.keyboard.press("1");
      await ada.page.click(".verdict .primary");
      await has(ada.page, "#notice:has-text('Recorded: true positive')");
      await bothSay(id, { state: "decided", verdicts: ["ada true_positive"] });
      await openItem(grace.page, id);
      await has(grace.page, ".history:has-text('plainly a country')");
      await has(grace.page, ".barred:has-text('only a lead replaces that verdict')");
      await picture(grace.page, "decided");

      await ada.page.keyboard.press("u");
      await has(ada.page, "#notice:has-text('Withdrawn; the item waits again.')");
      await bothSay(id, { state: "waiting", stage: "first", verdicts: ["ada true_positive", "ada withdrawn"] });
      await grace.page.reload();
      await has(grace.page, ".verdict .primary:has-text('Decide')");
      await grace.page.keyboard.press("2");
      await grace.page.keyboard.press("Enter");
      await has(grace.page, "#notice:has-text('Recorded: false positive')");
      await bothSay(id, {
        state: "decided",
        verdicts: ["ada true_positive", "ada withdrawn", "grace false_positive"],
      });
      expect([ada.troubles, grace.troubles]).toEqual([[], []]);
    });

    test("what is escalated at one console a lead decides at the other, and nobody else", async () => {
      const grace = await visit(desk.two.console, as("grace"));
      const ada = await visit(desk.one.console, { ...as("ada"), width: 380, colorScheme: "dark" });
      const lin = await visit(desk.one.console, as("lin"));
      const id = idOf("one", 1);
      await openItem(grace.page, id);
      await grace.page.keyboard.press("4");
      await grace.page.keyboard.press("Enter");
      await has(grace.page, "#notice:has-text('A lead will look.')");
      await openItem(ada.page, id);
      await has(ada.page, ".barred:has-text('This waits for a lead.')");
      await picture(ada.page, "escalated-380-dark");
      await openItem(lin.page, id);
      await has(lin.page, ".stage:has-text('Escalated.')");
      await lin.page.keyboard.press("1");
      await lin.page.keyboard.press("Enter");
      await has(lin.page, "#notice:has-text('Recorded: true positive')");
      await bothSay(id, {
        state: "decided",
        stage: "escalated",
        verdicts: ["grace escalate", "lin true_positive"],
      });

      await lin.page.evaluate(`location.hash = "#/item/${id}"`);
      await has(lin.page, ".verdict button:has-text('Replace')");
      await lin.page.fill(".notes textarea", "Settled with the team.");
      await lin.page.click(".notes button");
      await has(lin.page, ".notes li:has-text('Settled with the team.')");
      // It goes over Redis within about a second.
      await expect
        .poll(async () => {
          await grace.page.reload();
          await openItem(grace.page, id);
          return grace.page.textContent(".notes");
        }, PATIENCE)
        .toContain("Settled with the team.");
      expect([grace.troubles, ada.troubles, lin.troubles]).toEqual([[], [], []]);
    });

    test("a reply that one gateway stopped is seen at the other with where it was stopped, light and dark, wide and narrow", async () => {
      const id = traces.two.at(-1) ?? "";
      for (const [width, colorScheme] of [
        [1_600, "light"],
        [1_600, "dark"],
        [380, "light"],
        [380, "dark"],
      ] as const) {
        const { page, troubles } = await visit(desk.one.console, { ...as("ada"), width, colorScheme });
        await openItem(page, id);
        await has(page, ".cut:has-text('stopped here')");
        await page.waitForSelector(".picture-frame", REREAD);
        await expect.poll(() => coloursOf(page), PATIENCE).toBeGreaterThan(20);
        await picture(page, `stopped-${width}-${colorScheme}`);
        for (const name of ["statistics", "thresholds", "audit"]) {
          await page.evaluate(`location.hash = "#/${name}"`);
          await has(page, `[data-page=${name}] main h2`);
          await has(page, ".detector-row, .proposal, .audit tbody tr, .placeholder");
          await picture(page, `${name}-${width}-${colorScheme}`);
        }
        expect(troubles).toEqual([]);
      }
    });

    test("while one gateway is gone, its items are reviewed at the other", async () => {
      await desk.two.end("SIGKILL");
      const { page, troubles } = await visit(desk.one.console, as("ada"));
      const id = idOf("two", 2);
      await openItem(page, id);
      expect(await page.textContent(".turns")).toContain(QUESTIONS.two[2]);
      await page.keyboard.press("1");
      await page.keyboard.press("Enter");
      await has(page, "#notice:has-text('Recorded: true positive')");
      expect(await stateOf(desk.one.console, id)).toMatchObject({ state: "decided", verdicts: ["ada true_positive"] });
      expect(troubles).toEqual([]);
    });
  });
});

/** How many colours were drawn on the picture. */
async function coloursOf(page: Page): Promise<number> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector(".picture-base");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    for (let at = 0; at < data.length; at += 4) colours.add(data.slice(at, at + 4).join());
    return colours.size;
  })()`);
}

import { expect, onTestFinished, test } from "vitest";
import { floodOf } from "../../src/queue/queue.ts";
import { sampleScoreRow, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { describeInBrowser } from "./console-page.ts";
import { startReviewServer } from "./review-server.ts";
import { sushiTrace } from "./sushi-trace.ts";

describeInBrowser("a trace that joined another's item", (visit) => {
  test("shows that item's verdict by name, and that it says nothing about one of a flood", async () => {
    const server = await startReviewServer(temporaryFolder());
    onTestFinished(async () => void (await server.close()));
    for (const number of [1, 2]) await server.add(sushiTrace(number), { repetition: "alike" });
    for (const number of [3, 4]) await server.add(sushiTrace(number), { repetition: floodOf("x") });
    for (const number of [2, 4])
      await server.scores.add(sampleScoreRow(number, { traceId: traceId(number), flagged: true, reason: "abort" }));
    const { page, troubles } = await visit(server.origin);
    await page.goto(`${server.origin}/review/#/item/${traceId(2)}`);
    await page.waitForSelector(".panel:has-text('where the verdict is given')");
    const { call } = await server.login("bo");
    for (const number of [1, 3]) await call(`items/${traceId(number)}/decide`, { verdict: "true_positive" });
    await page.reload();
    await page.waitForSelector(
      ".panel:has-text('The verdict on that item: true positive, which counts for this trace, too.')",
    );
    await page.goto(`${server.origin}/review/#/item/${traceId(4)}`);
    await page.waitForSelector(".panel:has-text('It says nothing about this trace, which stays without a verdict.')");
    await page.goto(`${server.origin}/review/#/item/${traceId(3)}`);
    await page.waitForSelector(".members:has-text('of a flood: the verdict is about this text alone')");
    await page.goto(`${server.origin}/review/#/item/${traceId(1)}`);
    await page.waitForSelector(".members:has-text('that say the same')");
    await page.goto(`${server.origin}/review/#/find/${traceId(2)}`);
    await page.waitForSelector(".runs :text('true positive, given on the item that it joined')");
    await page.goto(`${server.origin}/review/#/find/${traceId(4)}`);
    await page.waitForSelector(".runs :text('not judged: joined an item with other texts')");
    expect(troubles).toEqual([]);
  });
});

import { expect, test } from "vitest";
import { runReloadCampaign } from "../support/reload-campaign.ts";

test("no request fails in 100 reloads under load, of which every tenth is refused", async () => {
  const report = await runReloadCampaign({ reloads: 100, clients: 4 });
  const { lightMs, heavyMs, ...counts } = report;
  const middle = (values: readonly number[]) => Math.round(values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN);
  process.stdout.write(`${JSON.stringify({ ...counts, lightMs: middle(lightMs), heavyMs: middle(heavyMs) })}\n`);
  expect(report.failed).toEqual([]);
  expect(report).toMatchObject({ loaded: 90, refused: 10 });
  expect(report.heavy).toBeGreaterThan(15);
  expect(report.requests).toBeGreaterThan(100);
});

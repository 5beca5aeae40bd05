import { expect, test } from "vitest";
import { startReReading } from "../../src/gateway/re-reading.ts";
import type { Running } from "../../src/gateway/running.ts";
import { noteLog } from "../support/live-gateway.ts";
import { openRig } from "./records-rig.ts";

function start(enabled: boolean) {
  const { records, config } = openRig();
  const enrichment = { ...config.enrichment, enabled };
  const serving = { definitions: { config: { enrichment } } };
  const spent: number[] = [];
  const running = { serving, records, log: noteLog([]) } as unknown as Running;
  return { records, spent, reReading: startReReading(running, { enriched: (ms) => void spent.push(ms) }) };
}

test("where the configuration says no, nothing is taken from the queue of traces to be read again", async () => {
  const { records, reReading } = start(false);
  await records.work.add("tr_1");
  reReading.renew();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await records.work.depth()).toBe(1);
  await reReading.close();
});

test("where it says yes, a trace that is not there any more is taken and passed over", async () => {
  const { records, spent, reReading } = start(true);
  await records.work.add("tr_1");
  while ((await records.work.depth()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(spent).toEqual([]);
  await reReading.close();
});

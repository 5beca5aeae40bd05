import { expect, test } from "vitest";
import { defaultReview } from "../../src/config/review-config.ts";
import { openDesk } from "../../src/gateway/desk.ts";
import { openLocalStores } from "../../src/gateway/local-stores.ts";
import { placeOf } from "../../src/review/opinions.ts";
import { sampleItem, traceId } from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { noteLog } from "../support/live-gateway.ts";

function open(driver: "embedded" | "bullmq") {
  const local = openLocalStores({ folder: temporaryFolder() });
  const queue = {
    ...defaultReview().queue,
    driver,
    redis: { url: "redis://127.0.0.1:1", prefix: "p", scoreRows: 1_000 },
  };
  return {
    local,
    desk: openDesk({
      config: { queue },
      local,
      log: noteLog([]),
      environment: {},
      onFailure: () => undefined,
      placeOf: (given) => placeOf(given, 0),
      keepMs: () => 1_000,
    }),
  };
}

test("the embedded desk is the state folder itself, always there", async () => {
  const { desk, local } = open("embedded");
  expect(desk).toMatchObject({ traces: local.traces, decisions: local.decisions, steps: [] });
  expect(desk.reach().reachable).toBe(true);
  await desk.queue.enqueue(sampleItem(1));
  expect(await desk.queue.get(traceId(1))).toMatchObject({ state: "waiting" });
  expect(await desk.epoch()).toBe("embedded");
  await desk.close();
});

test("a desk on a Redis that is not there opens, and refuses at once what needs it", async () => {
  const { desk } = open("bullmq");
  expect(desk.place).toBeUndefined();
  expect(desk.reach().reachable).toBe(false);
  await expect(desk.queue.enqueue(sampleItem(1))).rejects.toMatchObject({ code: "review_unavailable" });
  await expect(desk.traces.get(traceId(1))).rejects.toMatchObject({ code: "review_unavailable" });
  expect(await desk.decisions.latest(traceId(1))).toBeUndefined();
  await desk.close();
});

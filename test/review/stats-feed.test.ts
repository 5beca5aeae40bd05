import { expect, onTestFinished, test } from "vitest";
import { createStatsFeed, type ReviewStats } from "../../src/review/stats-feed.ts";

function statsOf(waiting: number, oldestWaitingMs = 0): ReviewStats {
  const queue = { waiting, claimed: 0, decided: 0, dead: 0, oldestWaitingMs, leasesExpired: 0 };
  return { queue, decisions: { true_positive: 0, false_positive: 0, unsure: 0, escalate: 0 } };
}

function start(read: () => Promise<ReviewStats>, repeatMs = 60_000) {
  const errors: unknown[] = [];
  const feed = createStatsFeed({ read, onError: (error) => errors.push(error), lookMs: 5, repeatMs });
  const listen = () => {
    const heard: number[] = [];
    const stop = feed.listen(({ queue }) => heard.push(queue.waiting));
    onTestFinished(stop);
    return { heard, stop };
  };
  return { feed, errors, listen };
}

test("whoever listens hears the counts at once and every change, not the growing age alone", async () => {
  let [waiting, reads] = [1, 0];
  const { listen } = start(async () => statsOf(waiting, (reads += 1)));
  const { heard } = listen();
  await expect.poll(() => reads).toBeGreaterThan(5);
  expect(heard).toEqual([1]);
  waiting = 2;
  await expect.poll(() => heard).toEqual([1, 2]);
});

test("without a change the counts are repeated after a while", async () => {
  const { listen } = start(async () => statsOf(1), 20);
  const { heard } = listen();
  await expect.poll(() => heard.length).toBeGreaterThan(2);
});

test("one look serves all, and nobody looks when nobody listens", async () => {
  let reads = 0;
  const { feed, listen } = start(async () => {
    reads += 1;
    return statsOf(reads);
  });
  const [one, other] = [listen(), listen()];
  await expect.poll(() => other.heard.length).toBeGreaterThan(3);
  expect(Math.abs(one.heard.length - other.heard.length)).toBeLessThan(2);
  one.stop();
  other.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = reads;
  feed.nudge();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(reads).toBe(before);
});

test("a look that fails is reported, and the next one is taken", async () => {
  let down = true;
  const { errors, listen } = start(() => (down ? Promise.reject(new Error("gone")) : Promise.resolve(statsOf(3))));
  const { heard } = listen();
  await expect.poll(() => errors.length).toBeGreaterThan(0);
  down = false;
  await expect.poll(() => heard).toEqual([3]);
});

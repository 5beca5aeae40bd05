import { expect, test } from "vitest";
import { toReview } from "../../src/config/review-config.ts";
import { gatewaySchema } from "../../src/config/schema.ts";

const file = (changes: object) => gatewaySchema.parse({ model: "m", default_policy: "p", policies: {}, ...changes });

test("without a word about it, review is embedded, draws nothing and hides nothing", () => {
  const { queue, review, enrichment } = toReview(file({}));
  expect(queue).toEqual({
    driver: "embedded",
    redis: { url: "redis://127.0.0.1:6379", prefix: "lensgate", scoreRows: 200_000 },
    outboxLimit: 10_000,
    whenFull: "refuse",
  });
  expect(review).toMatchObject({
    reviewers: [],
    blind: 0,
    secondOpinion: 0,
    sample: { clear: 0, near: 0, nearShare: 0.01 },
  });
  expect(enrichment).toMatchObject({ enabled: true, threads: 1 });
});

test("hours become milliseconds, and every field arrives", () => {
  const { review } = toReview(
    file({
      review: { session_hours: 0.5, second_opinion: 0.2, sample: { clear: 0.001, near: 0.02, near_share: 0.05 } },
    }),
  );
  expect(review).toMatchObject({
    sessionMs: 1_800_000,
    secondOpinion: 0.2,
    sample: { clear: 0.001, near: 0.02, nearShare: 0.05 },
  });
});

test("an address that is not Redis's and a password that is no hash are refused with the cure", () => {
  const refused = (changes: object) =>
    gatewaySchema.safeParse({ model: "m", default_policy: "p", policies: {}, ...changes });
  expect(refused({ queue: { redis: { url: "http://localhost" } } }).error?.message).toContain("not a Redis address");
  expect(refused({ review: { reviewers: [{ name: "ada", password: "secret" }] } }).error?.message).toContain(
    "not a password hash",
  );
});

test("where replies are sampled, some flagged items are blind, too, unless the file says how many", () => {
  const blindOf = (review: object) => toReview(file({ review })).review.blind;
  expect(blindOf({ sample: { near: 0.02 } })).toBe(0.1);
  expect(blindOf({ sample: { clear: 0.02 }, blind: 0 })).toBe(0);
  expect(blindOf({ blind: 0.3 })).toBe(0.3);
});

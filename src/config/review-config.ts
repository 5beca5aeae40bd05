import { toPrivacy, type PrivacyConfig, type RetentionConfig } from "./privacy-config.ts";
import { gatewaySchema, type GatewayFile } from "./schema.ts";

/** Where review items wait, and what happens when they cannot get there. */
export interface QueueConfig {
  readonly driver: "embedded" | "bullmq";
  readonly redis: {
    /** Without a password; that comes from the environment. */
    readonly url: string;
    readonly prefix: string;
    /** How many score rows of each gateway are shared. */
    readonly scoreRows: number;
  };
  /** How many flagged traces may wait for the queue. */
  readonly outboxLimit: number;
  /** `refuse`: a run that would be flagged then ends as `oversight_unavailable`. `drop`: it goes on, recorded and counted, without an item. */
  readonly whenFull: "refuse" | "drop";
}

/** A person who may log in to the console. */
export interface ReviewerConfig {
  readonly name: string;
  readonly role: "reviewer" | "lead";
  /** `scrypt$…`, never the password. */
  readonly password: string;
}

/** How review works. Shares are from 0 to 1. */
export interface ReviewConfig {
  /** Empty: whoever reaches the console gives any name and is a lead. */
  readonly reviewers: readonly ReviewerConfig[];
  readonly sessionMs: number;
  readonly leaseMs: number;
  /** Share of decided items that a second reviewer sees. */
  readonly secondOpinion: number;
  /** Share of flagged items whose scores are hidden until the verdict, among which sampled replies hide. */
  readonly blind: number;
  /** New items per API key and minute; what is above joins one item. */
  readonly newItemsPerMinute: number;
  readonly sample: {
    /** Share of unflagged replies drawn, and of those near a threshold. */
    readonly clear: number;
    readonly near: number;
    /** The highest-scoring share of unflagged replies that counts as near. */
    readonly nearShare: number;
  };
}

/** How flagged traces are read again. */
export interface EnrichmentConfig {
  readonly enabled: boolean;
  readonly threads: number;
  /** The reading process leaves after this long without work. */
  readonly idleExitMs: number;
  /** How long a re-read waits for a pause in live traffic. */
  readonly busyWaitMs: number;
}

/** The parts of the configuration that review needs. */
export interface ReviewParts {
  readonly queue: QueueConfig;
  readonly review: ReviewConfig;
  readonly enrichment: EnrichmentConfig;
  readonly privacy: PrivacyConfig;
  readonly retention: RetentionConfig;
}

/** Were no flagged item blind, a blind one would be known to be a sample. */
const BLIND_AMONG_SAMPLES = 0.1;

/** The same where there is no configuration. */
export function defaultReview(): ReviewParts {
  const { queue, review, enrichment, privacy, retention } = gatewaySchema.shape;
  return toReview({
    queue: queue.parse({}),
    review: review.parse({}),
    enrichment: enrichment.parse({}),
    privacy: privacy.parse({}),
    retention: retention.parse({}),
  });
}

/** Reads them from the file. */
export function toReview({
  queue,
  review,
  enrichment,
  privacy,
  retention,
}: Pick<GatewayFile, keyof ReviewParts>): ReviewParts {
  const { url, prefix, score_rows: scoreRows } = queue.redis;
  const { clear, near, near_share: nearShare } = review.sample;
  return {
    queue: {
      driver: queue.driver,
      redis: { url, prefix, scoreRows },
      outboxLimit: queue.outbox_limit,
      whenFull: queue.when_full,
    },
    review: {
      reviewers: review.reviewers,
      sessionMs: review.session_hours * 3_600_000,
      leaseMs: review.lease_ms,
      secondOpinion: review.second_opinion,
      blind: review.blind ?? (clear > 0 || near > 0 ? BLIND_AMONG_SAMPLES : 0),
      newItemsPerMinute: review.new_items_per_minute,
      sample: { clear, near, nearShare },
    },
    enrichment: {
      enabled: enrichment.enabled,
      threads: enrichment.threads,
      idleExitMs: enrichment.idle_exit_ms,
      busyWaitMs: enrichment.busy_wait_ms,
    },
    ...toPrivacy({ privacy, retention }),
  };
}

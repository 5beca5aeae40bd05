import { describe, expect, it } from "vitest";
import { checkJob, type Job } from "../../src/engine/job.ts";
import { GatewayError } from "../../src/errors.ts";
import { generateRequest, readRequest } from "../support/engine-parts.ts";

const LIMITS = { contextTokens: 10, vocabulary: 100 };
const PROMPT = Int32Array.of(1, 2, 3);

type Changes = Parameters<typeof generateRequest>[1];
const generate = (changes: Changes = {}): Job => ({
  verb: "generate",
  request: generateRequest(changes?.prompt ?? PROMPT, changes),
});
const read = (forced: readonly number[]): Job => ({
  verb: "read",
  request: readRequest(PROMPT, Int32Array.from(forced)),
});
const thrownBy = (job: Job): unknown => {
  try {
    return checkJob(job, LIMITS);
  } catch (error) {
    return error;
  }
};

describe("checkJob", () => {
  it("takes what fits: a prompt that fills the context, no tokens to write and no tokens to read", () => {
    expect(thrownBy(generate({ prompt: new Int32Array(10).fill(1) }))).toBeUndefined();
    expect(thrownBy(generate({ maxTokens: 0 }))).toBeUndefined();
    expect(thrownBy(read([]))).toBeUndefined();
    expect(thrownBy(read([4, 4, 4, 4, 4, 4, 4]))).toBeUndefined();
  });

  it("refuses a prompt or a text to read that does not fit the context", () => {
    for (const job of [generate({ prompt: new Int32Array(11).fill(1) }), read([4, 4, 4, 4, 4, 4, 4, 4])]) {
      const thrown = thrownBy(job);
      expect(thrown).toBeInstanceOf(GatewayError);
      expect(thrown).toMatchObject({
        code: "context_length_exceeded",
        message: "The request has 11 tokens, one may hold 10.",
      });
    }
  });

  it.each<[string, Job]>([
    ["the prompt is empty", generate({ prompt: new Int32Array(0) })],
    ["the mask of judged positions has 2 entries, the prompt 3", generate({ judged: new Uint8Array(2) })],
    ["token 100 is not in the vocabulary of 100", generate({ prompt: Int32Array.of(1, 100) })],
    ["token -1 is not in the vocabulary", read([-1])],
    ["maxTokens is -1", generate({ maxTokens: -1 })],
    ["maxTokens is NaN", generate({ maxTokens: Number.NaN })],
    ["a stop string is empty", generate({ stop: ["end", ""] })],
  ])("refuses what the caller did wrong: %s", (message, job) => {
    expect(thrownBy(job)).toMatchObject({ message: expect.stringContaining(message) });
    expect(thrownBy(job)).not.toBeInstanceOf(GatewayError);
  });
});

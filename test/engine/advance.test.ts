import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest, RunEvent } from "../../src/engine/engine.ts";
import {
  generateRequest,
  openVendoredParts,
  readRequest,
  withScripts,
  type OpenedParts,
  type PolicyChanges,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, namesOf, openRig, releasedIds, releasedText } from "../support/engine-rig.ts";

let opened: OpenedParts;
let prompt: Int32Array;
/** What the model writes after the prompt: " ", "6", ",", " ", "7", … */
let plain: readonly number[];
beforeAll(async () => {
  opened = await openVendoredParts("fast");
  prompt = opened.prompts.encodeText("1, 2, 3, 4, 5,").ids;
  plain = endOf(await generate()).generated.map(({ id }) => id);
});
afterAll(() => opened.close());

interface Case {
  /** Index of the generated token whose reading fires; -1 is the last prompt position. */
  readonly firesAt?: number;
  readonly policy?: PolicyChanges;
  readonly request?: Partial<GenerateRequest>;
  readonly text?: Int32Array;
}

function engineOf({ firesAt, policy = {}, text = prompt }: Case) {
  const script = firesAt === undefined ? {} : { [text.length + firesAt]: { score: 2 } };
  const parts = withScripts(opened, { alarm: script }, { detectors: { alarm: {} }, ...policy });
  return openRig(parts, opened.model);
}

async function generate(test: Case = {}): Promise<RunEvent[]> {
  const { text = prompt, request = {} } = test;
  return eventsOf(engineOf(test).generate(generateRequest(text, request)));
}

async function read(test: Case, forced: readonly number[] = plain): Promise<RunEvent[]> {
  return eventsOf(engineOf(test).read(readRequest(prompt, Int32Array.from(forced))));
}

describe("a generation that nothing stops", () => {
  it.each([
    { holdTokens: 0, last: 1 },
    { holdTokens: 1, last: 1 },
    { holdTokens: 4, last: 4 },
  ])("releases every token once with hold $holdTokens, the last $last together", async ({ holdTokens, last }) => {
    const events = await generate({ policy: { holdTokens } });
    expect(releasedIds(events)).toEqual(plain);
    expect(endOf(events)).toMatchObject({ reason: "length", releasedTokens: 8, promptTokens: prompt.length });
    const parts = events.flatMap((event) => (event.type === "tokens-released" ? [event.tokens.length] : []));
    expect(parts).toEqual([...Array.from({ length: 8 - last }, () => 1), last]);
  });

  it("says that the prompt was judged before the first token leaves, and ends last", async () => {
    const names = namesOf(await generate());
    expect(names.slice(0, 2)).toEqual(["prompt-judged", "tokens-released"]);
    expect(names.indexOf("run-ended")).toBe(names.length - 1);
  });
});

describe("an abort while a generated token is read", () => {
  it.each([
    { holdTokens: 0, firesAt: 2, released: 3 },
    { holdTokens: 1, firesAt: 2, released: 2 },
    { holdTokens: 4, firesAt: 2, released: 0 },
    { holdTokens: 0, firesAt: 6, released: 7 },
    { holdTokens: 1, firesAt: 6, released: 6 },
    { holdTokens: 4, firesAt: 6, released: 3 },
    { holdTokens: 1, firesAt: 0, released: 0 },
  ])("with hold $holdTokens at token $firesAt lets $released leave", async ({ holdTokens, firesAt, released }) => {
    const written = await generate({ firesAt, policy: { holdTokens } });
    const reread = await read({ firesAt, policy: { holdTokens } });
    for (const events of [written, reread]) {
      expect(releasedIds(events)).toEqual(plain.slice(0, released));
      expect(endOf(events)).toMatchObject({ reason: "abort", releasedTokens: released });
    }
    // The firing step's own token is not even drawn.
    expect(endOf(written).generated).toHaveLength(firesAt + 1);
  });

  it("counts what was released apart from what was generated", async () => {
    const end = endOf(await generate({ firesAt: 5, policy: { holdTokens: 4 } }));
    expect([end.releasedTokens, end.generated.length]).toEqual([2, 6]);
  });
});

describe("the end of a generation", () => {
  const request = { maxTokens: 30 };
  let text: Int32Array;
  let answer: RunEvent[];
  beforeAll(async () => {
    text = opened.prompts.encodeChat([{ role: "user", content: "What is 2 + 2?" }]).ids;
    answer = await generate({ text, request });
  });

  it("does not release or count an end token", () => {
    const end = endOf(answer);
    expect(end.reason).toBe("stop");
    expect(releasedText(answer)).toBe(end.generated.map(({ text }) => text).join(""));
    expect(end.generated.some(({ id }) => opened.parts.endIds.has(id))).toBe(false);
  });

  it.each([0, 1])("judges an end token by the step that produced it, with hold %i", async (holdTokens) => {
    const last = endOf(answer).generated.length - 1;
    const end = endOf(await generate({ text, firesAt: last, policy: { holdTokens }, request }));
    expect(end).toMatchObject({ reason: "abort", releasedTokens: last + 1 - holdTokens });
  });

  it("still reads the last of max_tokens before it leaves", async () => {
    const events = await generate({ firesAt: 2, request: { maxTokens: 3 } });
    expect(releasedIds(events)).toEqual(plain.slice(0, 2));
    expect(endOf(events).reason).toBe("abort");
  });

  it("reads it with hold 0 too, after it left: what fires there is on record", async () => {
    const events = await generate({ firesAt: 2, policy: { holdTokens: 0 }, request: { maxTokens: 3 } });
    expect(namesOf(events).slice(-3)).toEqual(["tokens-released", "flag-raised", "run-ended"]);
    expect(endOf(events)).toMatchObject({ reason: "abort", releasedTokens: 3 });
  });

  it("judges the prompt and writes nothing when no token is asked for", async () => {
    const events = await generate({ request: { maxTokens: 0 } });
    expect(namesOf(events)).toEqual(["prompt-judged", "run-ended"]);
    expect(endOf(events)).toMatchObject({ reason: "length", releasedTokens: 0, generated: [] });
  });

  it("ends by length where the context is full", async () => {
    const parts = { ...withScripts(opened, {}, {}), contextTokens: prompt.length + 2 };
    const rig = openRig(parts, opened.model, 1);
    expect(endOf(await eventsOf(rig.generate(generateRequest(prompt))))).toMatchObject({
      reason: "length",
      releasedTokens: 2,
    });
    const full = { ...parts, contextTokens: prompt.length };
    const none = openRig(full, opened.model).generate(generateRequest(prompt));
    expect(endOf(await eventsOf(none))).toMatchObject({ reason: "length", releasedTokens: 0 });
  });
});

describe("a stop string", () => {
  it("ends the reply where it begins, across token borders", async () => {
    const events = await generate({ request: { stop: [", 7"], maxTokens: 20 } });
    expect(releasedText(events)).toBe(" 6");
    expect(endOf(events)).toMatchObject({ reason: "stop", releasedTokens: 2 });
  });

  it("has its last token judged before any of its characters leaves", async () => {
    const text = opened.prompts.encodeText("The capital of Germany is").ids;
    const request = { stop: ["lin"] };
    expect(releasedText(await generate({ text, request }))).toBe(" Ber");
    const events = await generate({ text, request, firesAt: 0 });
    expect(namesOf(events)).not.toContain("tokens-released");
    expect(endOf(events).reason).toBe("abort");
  });

  it("is judged as a whole: what came before its last token is still held", async () => {
    const events = await generate({ request: { stop: [", 7"], maxTokens: 20 }, firesAt: 4 });
    expect(releasedText(events)).toBe(" 6");
    expect(endOf(events)).toMatchObject({ reason: "abort", releasedTokens: 2 });
  });
});

describe("a split character", () => {
  const smiles = () => opened.prompts.encodeText("Repeat this: 🙂🙂🙂🙂🙂🙂. Answer: 🙂🙂🙂").ids;

  it("leaves with all of its tokens at once", async () => {
    const events = await generate({ text: smiles(), request: { maxTokens: 2 } });
    expect(endOf(events).generated.map(({ text }) => text)).toEqual(["", "🙂"]);
    const released = events.filter((event) => event.type === "tokens-released");
    expect(released.map(({ tokens }) => tokens.map(({ text }) => text))).toEqual([["", "🙂"]]);
  });

  it("has all of its tokens judged before one of them leaves", async () => {
    const events = await generate({ text: smiles(), firesAt: 1 });
    expect(namesOf(events)).not.toContain("tokens-released");
    expect(endOf(events)).toMatchObject({ reason: "abort", releasedTokens: 0 });
  });

  it.each([0, 1, 4])("shows as U+FFFD when max_tokens cuts it, with hold %i", async (holdTokens) => {
    const events = await generate({ text: smiles(), policy: { holdTokens }, request: { maxTokens: 1 } });
    expect(releasedText(events)).toBe("\uFFFD");
  });
});

describe("log-probabilities", () => {
  it("leave with their token: the drawn one first when greedy", async () => {
    const events = await generate({ request: { topLogprobs: 3, maxTokens: 4 } });
    const tokens = events.flatMap((event) => (event.type === "tokens-released" ? event.tokens : []));
    expect(tokens).toHaveLength(4);
    for (const { id, logprob = 1, top = [] } of tokens) {
      expect(top).toHaveLength(3);
      expect(top[0]).toMatchObject({ id, logprob });
      expect(logprob).toBeLessThanOrEqual(0);
    }
  });
});

describe("sampling", () => {
  it("draws the same with the same seed and otherwise with another", async () => {
    const draw = async (seed: number) => {
      const sampling = { temperature: 1.5, topP: 0.95, topK: 50, seed };
      return releasedIds(await generate({ request: { sampling, maxTokens: 6 } }));
    };
    const first = await draw(7);
    expect(await draw(7)).toEqual(first);
    expect(await draw(8)).not.toEqual(first);
  });
});

describe("reading forced tokens", () => {
  it("takes them in pieces of the size asked for", async () => {
    const sizes: number[] = [];
    const parts = withScripts(opened, {}, {});
    const forward: typeof parts.forward = {
      ...parts.forward,
      step: (slot, ids, logits) => (sizes.push(ids.length), parts.forward.step(slot, ids, logits)),
    };
    const { read: start } = openRig({ ...parts, forward }, opened.model);
    await eventsOf(start(readRequest(prompt, Int32Array.from(plain.slice(0, 5)), { chunkTokens: 2 })));
    expect(sizes).toEqual([prompt.length, 2, 2, 1]);
  });

  it("releases them as if they had been generated and ends with stop", async () => {
    const events = await read({});
    expect(releasedIds(events)).toEqual(plain);
    expect(endOf(events)).toMatchObject({ reason: "stop", releasedTokens: 8 });
  });

  it("judges the prompt alone when there is nothing to read", async () => {
    const events = await read({}, []);
    expect(namesOf(events)).toEqual(["prompt-judged", "run-ended"]);
    expect(endOf(events)).toMatchObject({ reason: "stop", generated: [] });
  });

  it("stops at the first chunk's firing token even when more were read in the same pass", async () => {
    const many = [...plain, ...plain, ...plain];
    const events = await read({ firesAt: 10 }, many);
    expect(releasedIds(events)).toEqual(many.slice(0, 10));
  });
});

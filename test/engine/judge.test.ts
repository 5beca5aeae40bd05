import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Phase } from "../../src/detect/finding.ts";
import type { FlagEvidence, ReadRequest, RunEvent } from "../../src/engine/engine.ts";
import type { WorkerParts } from "../../src/engine/worker-parts.ts";
import { isSpecialToken } from "../../src/model/vocabulary.ts";
import {
  generateRequest,
  openVendoredParts,
  readRequest,
  withKinds,
  withScripts,
  type OpenedParts,
  type PolicyChanges,
  type Script,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, namesOf, openRig } from "../support/engine-rig.ts";
import { scriptedKind } from "../support/scripted-kind.ts";

const WRITTEN = 4;

let opened: OpenedParts;
let prompt: Int32Array;
let last: number;
beforeAll(async () => {
  opened = await openVendoredParts("fast");
  prompt = opened.prompts.encodeText("The capital of Germany is").ids;
  last = prompt.length - 1;
});
afterAll(() => opened.close());

const write = (parts: WorkerParts) =>
  eventsOf(openRig(parts, opened.model).generate(generateRequest(prompt, { maxTokens: WRITTEN })));
const writeWith = (alarm: Script, policy: PolicyChanges) =>
  write(withScripts(opened, { alarm }, { detectors: { alarm: {} }, ...policy }));
const flagsOf = (events: readonly RunEvent[]): FlagEvidence[] =>
  events.flatMap((event) => (event.type === "flag-raised" ? [event.evidence] : []));
const fires = { score: 2 };

/** Reads under a detector that only looks on; gives what it saw. */
async function watch(request: ReadRequest): Promise<{ position: number; phase: Phase; text: string }[]> {
  const seen: { position: number; phase: Phase; text: string }[] = [];
  const kind = {
    ...scriptedKind("eye", {}),
    start: () => ({
      score({ position, phase, text }: (typeof seen)[number]) {
        seen.push({ position, phase, text });
        return { score: 0 };
      },
    }),
  };
  await eventsOf(openRig(withKinds(opened, [kind], { detectors: { eye: {} } }), opened.model).read(request));
  return seen;
}

describe("which positions are judged", () => {
  it("leaves out position 0, and takes the last prompt position as prompt and generation", async () => {
    const seen = await watch(readRequest(prompt, Int32Array.from(opened.tokenizer.encode(" Berlin."))));
    const phases = seen.map(({ position, phase }) => `${position} ${phase}`);
    expect(phases).toEqual(["1 prompt", "2 prompt", "3 prompt", "4 both", "5 generation", "6 generation"]);
    expect(seen.map(({ text }) => text).join("")).toBe(" capital of Germany is Berlin.");
  });

  it("leaves out position 0 even where the mask asks for it and where it is the last of the prompt", async () => {
    const one = prompt.subarray(0, 1);
    const judged = Uint8Array.of(1);
    const forced = Int32Array.from(opened.tokenizer.encode(" capital"));
    const seen = await watch(readRequest(one, forced, { judged }));
    expect(seen).toEqual([{ position: 1, phase: "generation", text: " capital" }]);
  });

  it("leaves out the template, special tokens and older turns, but not the last prompt position", async () => {
    const chat = opened.prompts.encodeChat([
      { role: "user", content: "Old question" },
      { role: "assistant", content: "Old answer" },
      { role: "user", content: "New question" },
    ]);
    const seen = await watch(readRequest(chat.ids, new Int32Array(0), { judged: chat.judgedNew }));
    expect(seen.map(({ text }) => text).join("")).toBe("New question");
    expect(seen.at(-1)).toEqual({ position: chat.ids.length - 1, phase: "both", text: "" });
    expect(seen).toHaveLength(opened.tokenizer.encode("New question").length + 1);
  });

  it("judges prompt text as generation, too, where a text is scanned as it stands", async () => {
    const seen = await watch(readRequest(prompt, new Int32Array(0), { promptAs: "both" }));
    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(["both"]));
  });

  it("leaves out special tokens that are generated", async () => {
    const { vocabulary } = opened.model.manifest;
    const special = vocabulary.pieces.findIndex((_, id) => isSpecialToken(vocabulary, id));
    const [word = 0] = opened.tokenizer.encode(" word");
    const seen = await watch(readRequest(prompt, Int32Array.of(word, special, word)));
    expect(seen.map(({ position }) => position).slice(-2)).toEqual([last + 1, last + 3]);
  });

  it("completes a split character's text at its last token", async () => {
    const seen = await watch(readRequest(prompt, Int32Array.from(opened.tokenizer.encode("🙂!"))));
    expect(seen.filter(({ phase }) => phase === "generation").map(({ text }) => text)).toEqual(["", "🙂", "!"]);
  });
});

describe("a detector that fires in the prompt", () => {
  it.each(["prompt", "generation"] as const)(
    "stops a run at the last prompt position when it judges the %s",
    async (positions) => {
      const events = await writeWith({ [last]: fires }, { detectors: { alarm: { positions } } });
      expect(namesOf(events)).toEqual(["flag-raised", "run-ended"]);
      expect(endOf(events)).toMatchObject({ reason: "abort", releasedTokens: 0, generated: [] });
    },
  );

  it("stops it in the middle, without a token and without a word that the prompt was judged", async () => {
    const events = await writeWith({ 2: fires }, {});
    expect(namesOf(events)).toEqual(["flag-raised", "run-ended"]);
    expect(endOf(events).decision).toEqual({ action: "abort", detector: "alarm", rule: "test.alarm: abort" });
  });

  it("does nothing there when it judges the generation alone", async () => {
    const events = await writeWith({ 2: fires }, { detectors: { alarm: { positions: "generation" } } });
    expect(endOf(events)).toMatchObject({ reason: "length", decision: { action: "continue" } });
  });
});

describe("what a finding leads to", () => {
  it("raises a flag before any token that leaves after it, and completes", async () => {
    const events = await writeWith({ [last + 2]: fires }, { detectors: { alarm: { action: "flag" } } });
    const rest = Array.from({ length: WRITTEN - 1 }, () => "tokens-released");
    expect(namesOf(events)).toEqual(["prompt-judged", "tokens-released", "flag-raised", ...rest, "run-ended"]);
    const [flag] = flagsOf(events);
    expect(flag).toMatchObject({
      released: 1,
      decision: { action: "flag" },
      finding: { position: last + 2, score: 2 },
    });
    expect(flag?.generated).toHaveLength(2);
    expect(endOf(events)).toMatchObject({ reason: "length", decision: { action: "flag" }, releasedTokens: WRITTEN });
  });

  it("raises one flag for a detector that fires again, and one for each detector", async () => {
    const again: Script = { [last + 1]: fires, [last + 2]: fires };
    const parts = withScripts(
      opened,
      { one: again, two: again },
      { detectors: { one: { action: "flag" }, two: { action: "flag" } } },
    );
    const events = await write(parts);
    expect(flagsOf(events).map(({ finding }) => finding.detector)).toEqual(["one", "two"]);
    expect(endOf(events).actions).toEqual([
      { detector: "one", action: "flag", count: 1 },
      { detector: "two", action: "flag", count: 1 },
    ]);
  });

  it("only counts what is observed", async () => {
    const events = await writeWith({ [last + 1]: fires }, { detectors: { alarm: { action: "observe" } } });
    expect(flagsOf(events)).toEqual([]);
    expect(endOf(events)).toMatchObject({
      reason: "length",
      decision: { action: "observe" },
      actions: [{ detector: "alarm", action: "observe", count: 1 }],
    });
  });

  it("completes in monitor mode and says what it would have done", async () => {
    const events = await writeWith({ 2: fires }, { mode: "monitor" });
    expect(flagsOf(events)[0]).toMatchObject({ decision: { action: "would_abort" } });
    expect(endOf(events)).toMatchObject({
      reason: "length",
      releasedTokens: WRITTEN,
      decision: { action: "would_abort" },
    });
  });

  it("takes the strictest of what several detectors ask for, and records each", async () => {
    const script = { [last + 1]: fires };
    const parts = withScripts(
      opened,
      { mild: script, strict: script },
      { detectors: { mild: { action: "flag" }, strict: {} } },
    );
    const events = await write(parts);
    expect(flagsOf(events).map(({ decision }) => decision.action)).toEqual(["flag", "abort"]);
    expect(endOf(events)).toMatchObject({ reason: "abort", decision: { detector: "strict" } });
  });
});

describe("a detector that breaks", () => {
  const broken: readonly [string, Script][] = [
    ["gives NaN", { 6: { score: Number.NaN } }],
    ["gives infinity", { 6: { score: Number.POSITIVE_INFINITY } }],
    [
      "throws",
      {
        6: () => {
          throw new Error("broken");
        },
      },
    ],
  ];

  it.each(broken)("ends the run as unavailable when it %s and fails closed", async (_, script) => {
    const events = await writeWith(script, {});
    expect(flagsOf(events)).toEqual([]);
    expect(endOf(events)).toMatchObject({
      reason: "unavailable",
      releasedTokens: 1,
      decision: { action: "unavailable", detector: "alarm" },
    });
    expect(endOf(events).scores[0]?.error).toBeTypeOf("string");
  });

  it.each(broken)("completes when it %s and fails open, and counts it as bypassed", async (_, script) => {
    const events = await writeWith(script, { detectors: { alarm: { onError: "open" } } });
    expect(endOf(events)).toMatchObject({
      reason: "length",
      actions: [{ detector: "alarm", action: "bypassed", count: 1 }],
    });
  });

  it("completes in monitor mode, which never blocks", async () => {
    const events = await writeWith({ 6: { score: Number.NaN } }, { mode: "monitor" });
    expect(endOf(events)).toMatchObject({ reason: "length", actions: [{ action: "bypassed" }] });
  });

  it("ends as unavailable at the first position when it cannot even start", async () => {
    const kind = {
      ...scriptedKind("alarm", {}),
      start: () => {
        throw new Error("no start");
      },
    };
    const events = await write(withKinds(opened, [kind], { detectors: { alarm: {} } }));
    expect(namesOf(events)).toEqual(["run-ended"]);
    expect(endOf(events)).toMatchObject({ reason: "unavailable", scores: [{ error: "threw: no start" }] });
  });

  it("does not hide another's firing at the same position", async () => {
    const parts = withScripts(
      opened,
      { broken: { 6: { score: Number.NaN } }, alarm: { 6: fires } },
      { detectors: { broken: {}, alarm: {} } },
    );
    const events = await write(parts);
    expect(flagsOf(events).map(({ finding }) => finding.detector)).toEqual(["alarm"]);
    expect(endOf(events).reason).toBe("unavailable");
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Kind, Positions } from "../../src/detect/kinds/kind.ts";
import { createPanel } from "../../src/detect/panel.ts";
import { isSpecialToken } from "../../src/model/vocabulary.ts";
import { encodeRow, judgedPositions, type EncodedRow, type Form } from "../../src/training/encoded-row.ts";
import type { RowContent } from "../../src/training/row-content.ts";
import {
  openVendoredParts,
  policyOf,
  readRequest,
  type OpenedParts,
  type PolicyParts,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, openRig } from "../support/engine-rig.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

const SIDES: readonly Positions[] = ["prompt", "generation", "both"];

let opened: OpenedParts;
let parts: PolicyParts;
beforeAll(async () => {
  opened = await openVendoredParts("fast");
  // One detector a side, each of which says something wherever it is asked.
  const kind: Kind = {
    name: "everywhere",
    schema: z.unknown(),
    resolve: () => ({ reads: [], resolved: null, notes: [] }),
    start: () => ({ score: () => ({ score: 0 }) }),
  };
  const detectors = SIDES.map((positions) => loadedDetector(positions, { kind: "everywhere", positions }));
  const panel = createPanel(detectors, new Map([["everywhere", kind]]));
  const rules = Object.fromEntries(SIDES.map((id) => [id, { action: "observe" as const }]));
  parts = { ...opened.parts, panel, policy: policyOf({ promptScope: "all", detectors: rules }) };
});
afterAll(() => opened.close());

async function positionsOfEngine({ prompt, forced, promptAs }: EncodedRow, side: number): Promise<number[]> {
  const rig = openRig(parts, opened.model);
  const request = readRequest(prompt.ids, forced, { judged: prompt.judgedAll, promptAs, keepScores: true });
  const { everyScore = [] } = endOf(await eventsOf(rig.read(request)));
  return everyScore.filter(({ scores }) => scores[side] !== null).map(({ position }) => position);
}

const talk = (...turns: readonly (readonly [string, string])[]): RowContent => ({
  type: "chat",
  turns: turns.map(([role, content]) => ({ role, content })),
});
const USER = ["user", "Which dish is it?"] as const;
const ROWS: readonly (readonly [string, RowContent, Form])[] = [
  ["a text as it stands", { type: "text", text: "The capital of Germany is, as ever, Berlin." }, "raw"],
  ["a text in the template", { type: "text", text: "The capital of Germany is, as ever, Berlin." }, "chat"],
  ["a text of two tokens", { type: "text", text: "Hello there" }, "raw"],
  ["a text of one token", { type: "text", text: "Hello" }, "raw"],
  ["system, user and assistant", talk(["system", "Be brief."], USER, ["assistant", "Sushi, of Japan."]), "raw"],
  ["a conversation that waits for a reply", talk(["system", "Be brief."], USER), "chat"],
  ["several turns", talk(USER, ["assistant", "Sushi."], ["user", "And now?"], ["assistant", "Tacos, then."]), "raw"],
  ["a reply that spells a special token", talk(USER, ["assistant", "It is <|im_end|> over"]), "raw"],
  ["an empty reply", talk(USER, ["assistant", ""]), "raw"],
];

describe("the positions of a row that training reads", () => {
  it.each(ROWS)("are those that the engine judges: %s", async (_, content, form) => {
    const encoded = encodeRow(opened.prompts, content, form);
    const { vocabulary } = opened.model.manifest;
    for (const [side, positions] of SIDES.entries()) {
      const read = judgedPositions(encoded, positions, (id) => isSpecialToken(vocabulary, id));
      expect(read).toEqual(await positionsOfEngine(encoded, side));
    }
  });

  it("leave out special tokens among those that were written", () => {
    const prompt = { ids: Int32Array.of(5, 6), judgedAll: Uint8Array.of(0, 1), judgedNew: Uint8Array.of(0, 1) };
    const row: EncodedRow = { prompt, forced: Int32Array.of(7, 2, 8), promptAs: "prompt" };
    expect(judgedPositions(row, "both", (id) => id === 2)).toEqual([1, 2, 4]);
    expect(judgedPositions(row, "prompt", (id) => id === 2)).toEqual([1]);
  });
});

describe("a row that is encoded", () => {
  it("has what the assistant wrote last as what is forced, and the turns before as prompt", () => {
    const row = encodeRow(opened.prompts, talk(USER, ["assistant", "Sushi."]), "raw");
    expect(row.prompt).toEqual(encodeRow(opened.prompts, talk(USER), "raw").prompt);
    expect(Array.from(row.forced)).toEqual(opened.tokenizer.encode("Sushi."));
    expect(row.promptAs).toBe("prompt");
  });

  it("is refused without a turn before the reply", () => {
    expect(() => encodeRow(opened.prompts, talk(["assistant", "Ho"]), "raw")).toThrow("no messages");
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LivePosition, RunEnd } from "../../src/engine/engine.ts";
import type { WorkerParts } from "../../src/engine/worker-parts.ts";
import {
  generateRequest,
  openVendoredParts,
  readRequest,
  withScripts,
  type OpenedParts,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, openRig, releasedText } from "../support/engine-rig.ts";

const concept = (words: string, tap: string) => `
description: For tests.
kind: concept
options: { words: [${words}], taps: [${tap}] }
positions: both
aggregate: { type: max, window: 1 }
threshold: 100
calibration: { status: uncalibrated, note: for tests }
`;
const TOLERANCE = 1e-4;
const WRITTEN = 6;

let opened: OpenedParts;
let parts: WorkerParts;
let prompt: Int32Array;
let alone: RunEnd;
beforeAll(async () => {
  opened = await openVendoredParts("exact", {
    country: concept("Japan, Germany, France", "23.attn_out"),
    food: concept("fish, rice, food", "12.resid_post"),
    water: concept("sea, water", "29.mlp_out"),
  });
  parts = withScripts(opened, {}, { detectors: { country: {}, food: {}, water: {} } });
  prompt = opened.prompts.encodeText("Sushi is a dish from the country of").ids;
  alone = await generate(parts);
});
afterAll(() => opened.close());

async function generate(which: WorkerParts): Promise<RunEnd> {
  const request = generateRequest(prompt, { maxTokens: WRITTEN, keepScores: true });
  return endOf(await eventsOf(openRig(which, opened.model).generate(request)));
}

function expectSameScores(actual: RunEnd, expected: RunEnd): void {
  const strip = (rows: readonly LivePosition[] = []) =>
    rows.map(({ position, token, text }) => ({ position, token, text }));
  expect(strip(actual.everyScore)).toEqual(strip(expected.everyScore));
  const distances = (actual.everyScore ?? []).flatMap(({ scores }, row) =>
    scores.map((score, column) => Math.abs((score ?? NaN) - (expected.everyScore?.[row]?.scores[column] ?? NaN))),
  );
  expect(distances).toHaveLength(3 * (prompt.length - 1 + WRITTEN));
  expect(Math.max(...distances)).toBeLessThan(TOLERANCE);
}

describe("the engine in exact precision", () => {
  it("scores a reply the same when it reads it as when it wrote it", async () => {
    const forced = Int32Array.from(alone.generated, ({ id }) => id);
    const run = openRig(parts, opened.model).read(readRequest(prompt, forced, { keepScores: true }));
    const read = endOf(await eventsOf(run));
    expect(read.generated).toEqual(alone.generated);
    expectSameScores(read, alone);
  });

  it("writes and scores the same alone as beside three others", async () => {
    const rig = openRig(parts, opened.model, 4);
    const others = ["One, two, three,", "The sea is", "My favorite dish to eat is"].map((text) =>
      eventsOf(rig.generate(generateRequest(opened.prompts.encodeText(text).ids, { maxTokens: 6 }))),
    );
    const run = rig.generate(generateRequest(prompt, { maxTokens: WRITTEN, keepScores: true }));
    const beside = endOf(await eventsOf(run));
    await Promise.all(others);
    expect(rig.loads.some(([running]) => running === 4)).toBe(true);
    expect(beside.generated).toEqual(alone.generated);
    expectSameScores(beside, alone);
  });

  it.each([1, 3])("writes and scores the same with the prompt in chunks of %i", async (prefillChunkTokens) => {
    const chunked = await generate({ ...parts, prefillChunkTokens });
    expect(chunked.generated).toEqual(alone.generated);
    expectSameScores(chunked, alone);
  });

  it("writes the same in a slot that another run used before", async () => {
    const rig = openRig(parts, opened.model);
    await eventsOf(rig.generate(generateRequest(opened.prompts.encodeText("word ".repeat(260)).ids, { maxTokens: 2 })));
    const again = endOf(
      await eventsOf(rig.generate(generateRequest(prompt, { maxTokens: WRITTEN, keepScores: true }))),
    );
    expect(again.generated).toEqual(alone.generated);
    expectSameScores(again, alone);
  });

  it("streams exactly the text of the tokens that it wrote", async () => {
    const smiles = opened.prompts.encodeText("Repeat this: 🙂🙂🙂🙂🙂🙂. Answer: 🙂🙂🙂").ids;
    const run = openRig(parts, opened.model).generate(generateRequest(smiles, { maxTokens: 8 }));
    const events = await eventsOf(run);
    const bytes = endOf(events).generated.flatMap(({ id }) => [...opened.parts.bytes.bytesOf(id)]);
    expect(releasedText(events)).toBe(Buffer.from(bytes).toString("utf8"));
    expect(releasedText(events)).toContain("🙂");
  });
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startWatched } from "../support/blind-gateway.ts";
import { atRoot } from "../support/documents.ts";
import { temporaryFolder } from "../support/folder.ts";
import { LIVE_MODEL } from "../support/live-gateway.ts";

const CANARY = 'oversight_canary_success{detector="harm-intent"}';
const DRIFT = 'oversight_score_drift{detector="harm-intent"}';
/** Where the alert begins. */
const ALERT = 0.35;

/** Two hundred short replies to everyday questions, four at a time. */
async function serveOrdinary(api: string): Promise<void> {
  const questions = Object.values(
    JSON.parse(readFileSync(atRoot("scripts/data/everyday-questions.json"), "utf8")) as Record<string, string[]>,
  ).flat();
  const waiting = questions.slice(0, 200);
  expect(waiting).toHaveLength(200);
  const lane = async (): Promise<void> => {
    for (let content = waiting.pop(); content !== undefined; content = waiting.pop()) {
      const body = { model: LIVE_MODEL, messages: [{ role: "user", content }], max_tokens: 2, temperature: 0 };
      const headers = { "content-type": "application/json" };
      const reply = await fetch(`${api}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
      expect(reply.status).toBe(200);
      await reply.text();
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

test.each([
  { weights: "kept", isBroken: false },
  { weights: "lost", isBroken: true },
])(
  "canary and drift say whether a detector sees: its weights were $weights",
  async ({ isBroken }) => {
    const { gateway, series, canariesRan } = await startWatched(temporaryFolder(), isBroken);
    await canariesRan();
    expect(await series(CANARY)).toBe(isBroken ? 0 : 1);
    expect(await series(DRIFT)).toBeNaN();
    await serveOrdinary(gateway.api.url);
    const distance = await series(DRIFT);
    if (isBroken) expect(distance).toBeGreaterThan(ALERT);
    else expect(distance).toBeLessThan(ALERT);
    await gateway.stop();
  },
  600_000,
);

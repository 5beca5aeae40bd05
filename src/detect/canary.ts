import type { DetectorCase } from "./cases.ts";

/** What is read or written: the text of a case, without what is expected of it. */
export type CaseText = Pick<DetectorCase, "input" | "reply" | "maxTokens">;

/** A text whose answer is known, run now and then on the path that serves. */
export interface Canary {
  readonly detector: string;
  readonly name: string;
  readonly text: CaseText;
  readonly expect: "fires" | "clear";
}

/**
 * Of a detector's cases one that must fire and one that must not. Cases that only read go first: what is written may differ by a
 * token when requests share a pass, what is read does not. The margins of cases are not asked for.
 */
export function pickCanaries(detector: string, cases: readonly DetectorCase[]): Canary[] {
  return [true, false].flatMap((fires) => {
    const alike = cases.filter(({ expect }) => expect.fires === fires);
    const chosen = alike.find(({ reply, maxTokens }) => reply !== undefined || maxTokens === 0) ?? alike[0];
    if (!chosen) return [];
    const { name, input, reply, maxTokens } = chosen;
    const text = { input, maxTokens, ...(reply === undefined ? {} : { reply }) };
    return [{ detector, name, text, expect: fires ? ("fires" as const) : ("clear" as const) }];
  });
}

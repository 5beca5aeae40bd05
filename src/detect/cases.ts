import { z } from "zod";
import { withCure } from "../schema-problem.ts";
import { readYaml } from "../yaml-document.ts";

/** What a detector must do on one text. */
export type CaseExpectation =
  | {
      readonly fires: true;
      /** It fires at or before the state from which this text would be written; the firing token comes before its first occurrence. */
      readonly by?: string;
      /** The strongest name at the firing. */
      readonly names?: string;
      /** The largest score is at least threshold + margin. */
      readonly margin: number;
    }
  | {
      readonly fires: false;
      /** The largest score is at most threshold − margin. */
      readonly margin: number;
    };

/** One text to judge on the real model, greedy, without a policy. */
export interface DetectorCase {
  readonly name: string;
  /** Line of the case in its file. */
  readonly line: number;
  /** A conversation under the model's chat template, or a plain prompt. */
  readonly input:
    | { readonly type: "chat"; readonly turns: readonly { readonly role: string; readonly content: string }[] }
    | { readonly type: "prompt"; readonly text: string };
  /** Text to read as the reply instead of generating one. */
  readonly reply?: string;
  /** Tokens to generate; 0 judges the prompt alone. Without meaning where `reply` is given. */
  readonly maxTokens: number;
  readonly expect: CaseExpectation;
}

const DEFAULT_MAX_TOKENS = 24;

const margin = z.number().min(0);

const caseSchema = z
  .strictObject({
    name: z.string().trim().min(1),
    chat: z.string().min(1).optional(),
    prompt: z.string().min(1).optional(),
    messages: z
      .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
      .min(1)
      .optional(),
    reply: z.string().min(1).optional(),
    max_tokens: z.int().min(0).max(512).optional(),
    expect: z.discriminatedUnion("fires", [
      z.strictObject({
        fires: z.literal(true),
        by: z.string().min(1).optional(),
        names: z.string().min(1).optional(),
        margin,
      }),
      z.strictObject({ fires: z.literal(false), margin }),
    ]),
  })
  .refine((entry) => [entry.chat, entry.prompt, entry.messages].filter((text) => text !== undefined).length === 1, {
    error: withCure("needs exactly one of chat, prompt and messages", "keep one of the three"),
  })
  .refine((entry) => entry.reply === undefined || entry.max_tokens === undefined, {
    path: ["max_tokens"],
    error: withCure("has no meaning beside reply", "remove max_tokens or reply"),
  });

const fileSchema = z.strictObject({ cases: z.array(caseSchema).min(1) });

/** Reads `detectors/<id>.test.yaml`; throws `ConfigError` with every problem. */
export function parseCases(file: string, text: string): DetectorCase[] {
  const document = readYaml(file, text);
  return document.check(fileSchema).cases.map((entry, index) => ({
    name: entry.name,
    line: document.problemAt({ path: ["cases", index], message: "", cure: "" }).line ?? 1,
    input: toInput(entry),
    ...(entry.reply === undefined ? {} : { reply: entry.reply }),
    maxTokens: entry.max_tokens ?? DEFAULT_MAX_TOKENS,
    expect: toExpectation(entry.expect),
  }));
}

type CaseEntry = z.output<typeof caseSchema>;

function toInput({ chat, prompt, messages }: CaseEntry): DetectorCase["input"] {
  if (prompt !== undefined) return { type: "prompt", text: prompt };
  return { type: "chat", turns: messages ?? [{ role: "user", content: chat ?? "" }] };
}

function toExpectation(expect: CaseEntry["expect"]): CaseExpectation {
  if (!expect.fires) return { fires: false, margin: expect.margin };
  const { by, names } = expect;
  return {
    fires: true,
    ...(by === undefined ? {} : { by }),
    ...(names === undefined ? {} : { names }),
    margin: expect.margin,
  };
}

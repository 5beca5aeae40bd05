import { z } from "zod";
import { backtracks, PROBE_LENGTH } from "../../backtracking.ts";
import { OptionError, type Kind, type Positions, type Resolution, type Scorer } from "./kind.ts";

const schema = z.strictObject({
  patterns: z
    .array(
      z.strictObject({
        regex: z.string().min(1).max(500),
        flags: z
          .string()
          .regex(/^[imsuv]*$/, "only the flags i, m, s, u and v are allowed")
          .default(""),
        name: z.string().min(1).optional(),
      }),
    )
    .min(1)
    .max(100),
});

/** Options of the kind `pattern`, as the schema leaves them. */
export type PatternOptions = z.output<typeof schema>;

/** What the worker needs of a pattern detector: plain data. */
export interface PatternResolved {
  readonly patterns: readonly { readonly source: string; readonly flags: string; readonly name: string }[];
}

// Characters that a match may reach back over; it also bounds what a bad expression can cost.
const WINDOW = PROBE_LENGTH;

/**
 * Text baseline: score 1 where a match of any pattern ends inside this step's text, else 0. A match may begin up to 256
 * characters earlier. `^`, `$` and `\b` see the text as far as it is written, so `\bcat\b` fires on the start of "category".
 */
export const patternKind: Kind<PatternOptions, PatternResolved> = {
  name: "pattern",
  schema,
  resolve: resolvePatterns,
  start: startPatterns,
};

function resolvePatterns(options: PatternOptions): Resolution<PatternResolved> {
  const patterns = options.patterns.map(({ regex, flags, name = regex }, index) => {
    const compiled = compile({ source: regex, flags }, index);
    if (compiled.test("")) {
      const cure = "write an expression that needs at least one character";
      throw new OptionError(
        ["patterns", index, "regex"],
        `"${regex}" matches the empty text, so it would always fire`,
        cure,
      );
    }
    if (backtracks({ source: regex, flags })) {
      const cure = "avoid a repetition inside a repetition, like (a+)+";
      throw new OptionError(
        ["patterns", index, "regex"],
        `"${regex}" takes too long on a text of ${WINDOW} characters`,
        cure,
      );
    }
    return { source: regex, flags, name };
  });
  return { reads: [], resolved: { patterns }, notes: [] };
}

function compile({ source, flags }: { source: string; flags: string }, index: number): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new OptionError(["patterns", index, "regex"], message, "write a JavaScript regular expression");
  }
}

function startPatterns(resolved: PatternResolved, positions: Positions): Scorer {
  const compiled = resolved.patterns.map(({ source, flags, name }) => ({
    regex: new RegExp(source, `${flags}g`),
    name,
  }));
  let tail = "";
  let isCut = false;
  let previous: number | undefined;
  return {
    score(step) {
      // The token at the last prompt position was written by the caller, not by the model.
      if (positions === "generation" && step.phase === "both") return undefined;
      // Prompt text that was not judged lies between: what stands on its two sides is not one text. In a reply only special
      // tokens are left out, which have no text: there the two sides are one.
      const isApart = previous !== undefined && step.position !== previous + 1;
      if (isApart && step.phase !== "generation") [tail, isCut] = ["", false];
      previous = step.position;
      const window = { text: tail + step.text, newFrom: tail.length, isCut };
      const name = step.text === "" ? undefined : compiled.find(({ regex }) => endsInNewText(regex, window))?.name;
      isCut ||= window.text.length > WINDOW;
      tail = window.text.slice(-WINDOW);
      return name === undefined ? { score: 0 } : { score: 1, names: [{ name, share: 1 }] };
    },
  };
}

interface TextWindow {
  readonly text: string;
  /** Index of the first character that this step added. */
  readonly newFrom: number;
  /** Whether earlier text was dropped, so that index 0 is no true beginning. */
  readonly isCut: boolean;
}

/** Looks at every start, since a match that ended earlier may hide one that overlaps it. */
function endsInNewText(regex: RegExp, { text, newFrom, isCut }: TextWindow): boolean {
  regex.lastIndex = isCut ? 1 : 0;
  for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
    if (match[0] !== "" && match.index + match[0].length > newFrom) return true;
    // With the flag u a start inside a surrogate pair would move back to its first half, and find the same match for ever.
    regex.lastIndex = match.index + ((text.codePointAt(match.index) ?? 0) > 0xffff ? 2 : 1);
  }
  return false;
}

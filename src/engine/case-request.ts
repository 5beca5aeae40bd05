import type { CaseText } from "../detect/canary.ts";
import type { PromptEncoder } from "../model/prompt.ts";
import type { Engine, Run, RunRequest } from "./engine.ts";

/** What a case runs on. */
export interface CaseParts {
  readonly engine: Pick<Engine, "generate" | "read">;
  readonly prompts: PromptEncoder;
}

/** Starts the text of a case: it is read, or written greedily. Throws as the engine's verbs do. */
export function startCase(
  { engine, prompts }: CaseParts,
  { input, reply, maxTokens }: CaseText,
  request: Pick<RunRequest, "id" | "policy" | "deadlineMs">,
): Run {
  const encoded = input.type === "chat" ? prompts.encodeChat(input.turns) : prompts.encodeText(input.text);
  const base = { ...request, prompt: encoded.ids, judged: encoded.judgedNew };
  if (reply !== undefined) return engine.read({ ...base, forced: prompts.encodeText(reply).ids });
  if (maxTokens === 0) return engine.read({ ...base, forced: new Int32Array(0) });
  return engine.generate({
    ...base,
    maxTokens,
    stop: [],
    sampling: { temperature: 0, topP: 1, topK: 0, seed: 0 },
  });
}

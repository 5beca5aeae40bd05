import type { Policy } from "../../src/decide/policy.ts";
import { parseDefinition } from "../../src/detect/definition.ts";
import type { Kind, RawScore } from "../../src/detect/kinds/kind.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { resolveDetectors, type LoadedDetector } from "../../src/detect/loader.ts";
import { createPanel } from "../../src/detect/panel.ts";
import type { GenerateRequest, ReadRequest, RunRequest } from "../../src/engine/engine.ts";
import { openParts } from "../../src/engine/open-parts.ts";
import type { WorkerSettings } from "../../src/engine/messages.ts";
import type { WorkerParts } from "../../src/engine/worker-parts.ts";
import { readBackground } from "../../src/lens/background.ts";
import { NO_LENS_MAPS } from "../../src/lens/lens-maps.ts";
import { readModelFolder } from "../../src/model/model-folder.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";
import { createPromptEncoder, type ModelPromptEncoder } from "../../src/model/prompt.ts";
import { createTokenizer, type Tokenizer } from "../../src/model/tokenizer.ts";
import { openVendored, VENDORED_FOLDER } from "./prepared-model.ts";
import { loadedDetector, scriptedKind } from "./scripted-kind.ts";
import { TEST_BINDING } from "./vocabulary.ts";

/** Name of the policy of test requests. */
export const POLICY = "test";

/** Parts with the policy that a rig runs requests under which name no other. */
export type PolicyParts = WorkerParts & { readonly policy?: Policy };

/** The vendored model, opened in this thread, with detectors and what tests need to write requests. */
export interface OpenedParts {
  readonly parts: PolicyParts;
  readonly model: PreparedModel;
  readonly detectors: readonly LoadedDetector[];
  readonly tokenizer: Tokenizer;
  readonly prompts: ModelPromptEncoder;
  close(): Promise<void>;
}

/** A policy in which every detector that is named flags or aborts as said. */
export type PolicyChanges = Partial<Omit<Policy, "detectors">> & {
  readonly detectors?: Readonly<Record<string, Partial<Policy["detectors"][string]>>>;
};

/** `hold_tokens: 1`, enforced; a detector aborts and fails closed unless said otherwise. */
export function policyOf({ detectors = {}, ...changes }: PolicyChanges = {}): Policy {
  const rules = Object.entries(detectors).map(([id, rule]) => [id, { action: "abort", onError: "closed", ...rule }]);
  return {
    name: POLICY,
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "new",
    ...changes,
    detectors: Object.fromEntries(rules) as Policy["detectors"],
  };
}

/** The policy of requests that name none: no detectors. */
export const PLAIN: Policy = policyOf();

/** The worker's settings for the vendored model: no detectors, two slots of 512 positions, chunks of 64. */
export function settingsOf(model: PreparedModel, changes: Partial<WorkerSettings> = {}): WorkerSettings {
  const { lens } = readModelFolder(VENDORED_FOLDER);
  const file = Object.values(lens).find(({ path }) => path.endsWith("background.json"));
  if (!file) throw new Error("the vendored model has no background.json");
  const { tokens, taps } = readBackground({ ...file, vocabulary: model.manifest.architecture.vocabulary });
  return {
    prepared: model.folder,
    detectors: [],
    kindModules: [],
    background: { tokens, taps },
    lenses: NO_LENS_MAPS,
    slots: 2,
    contextTokens: 512,
    prefillChunkTokens: 64,
    threads: null,
    ...changes,
  };
}

/** Opens the vendored model with detectors written as YAML, by id. Close it after the file. */
export async function openVendoredParts(
  precision: "fast" | "exact",
  definitions: Readonly<Record<string, string>> = {},
): Promise<OpenedParts> {
  const model = await openVendored(precision);
  const { architecture, vocabulary } = model.manifest;
  const tokenizer = createTokenizer(vocabulary);
  const kinds = await loadKinds();
  const context = {
    layers: architecture.layers,
    hidden: architecture.hidden,
    modelSha256: TEST_BINDING.modelSha256,
    precision,
    lenses: ["logit" as const],
    tokenOf: tokenizer.tokenOf,
    encode: tokenizer.encode,
    textOf: tokenizer.textOf,
  };
  const parsed = Object.entries(definitions).map(([id, text]) =>
    parseDefinition({ id, file: `${id}.yaml`, text }, kinds),
  );
  const detectors = resolveDetectors({ definitions: parsed, problems: [] }, { kinds, context, binding: TEST_BINDING });
  const rules = Object.fromEntries(detectors.map(({ id }) => [id, { action: "observe" as const }]));
  const { parts } = await openParts(settingsOf(model, { detectors }));
  return {
    parts: { ...parts, policy: policyOf({ detectors: rules }) },
    model,
    detectors,
    tokenizer,
    prompts: createPromptEncoder({ vocabulary, tokenizer }),
    async close() {
      await parts.forward.close();
      await parts.lensHead.close();
    },
  };
}

/** Scores by absolute position. */
export type Script = Readonly<Record<number, RawScore | (() => RawScore | undefined)>>;

/** The same model under another policy, with detectors added that fire (threshold 1) where a test says so. */
export function withScripts(
  opened: OpenedParts,
  scripts: Readonly<Record<string, Script>>,
  policy: PolicyChanges,
): PolicyParts {
  const kinds = Object.entries(scripts).map(([id, script]) => scriptedKind(id, script));
  return withKinds(opened, kinds, policy);
}

/** The same with kinds of a test's own: one detector each, of the kind's name. */
export function withKinds(opened: OpenedParts, kinds: readonly Kind[], policy: PolicyChanges): PolicyParts {
  const added = kinds.map(({ name }) => loadedDetector(name));
  // Detectors that read taps stay in their places: the graph was planned for them.
  const panel = createPanel(
    [...opened.detectors, ...added],
    new Map([...CONCEPTS, ...kinds].map((kind) => [kind.name, kind])),
  );
  return { ...opened.parts, panel, policy: policyOf(policy) };
}

const CONCEPTS = [...(await loadKinds()).values()];

let requests = 0;

/** What both verbs take: a plain text as prompt, all of it judged but position 0. */
export function requestOf(prompt: Int32Array, changes: Partial<RunRequest> = {}): RunRequest {
  requests += 1;
  return {
    id: `request-${requests}`,
    prompt,
    judged: Uint8Array.from(prompt, (_, position) => (position === 0 ? 0 : 1)),
    policy: PLAIN,
    deadlineMs: 60_000,
    ...changes,
  };
}

/** Greedy, without stop strings, at most 8 tokens. */
export function generateRequest(prompt: Int32Array, changes: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    ...requestOf(prompt),
    sampling: { temperature: 0, topP: 1, topK: 0, seed: 1 },
    maxTokens: 8,
    stop: [],
    ...changes,
  };
}

/** Forced tokens. */
export function readRequest(prompt: Int32Array, forced: Int32Array, changes: Partial<ReadRequest> = {}): ReadRequest {
  return { ...requestOf(prompt), forced, ...changes };
}

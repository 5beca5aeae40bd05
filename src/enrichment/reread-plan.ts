import { membersOf, type Policy } from "../decide/policy.ts";
import type { PromptEncoder } from "../model/prompt.ts";
import type { Trace } from "../trace/trace.ts";
import { RereadError } from "./enrichment.ts";
import type { ReaderSettings } from "./reader-settings.ts";

/** Positions shown before and after the firing; the firing one is the last of those before. */
export const SHOWN_BEFORE = 64;
const SHOWN_AFTER = 8;

/** What is read again of a trace, and what of it is kept. */
export interface RereadPlan {
  readonly trace: Trace;
  readonly policy: Policy;
  readonly prompt: Int32Array; // [prompt]
  readonly judged: Uint8Array; // [prompt]
  /** `[generated]` */
  readonly forced: Int32Array;
  readonly firing: { readonly position: number; readonly detector: string };
  /** Loaded detectors that fired, or stand behind a combination that did. */
  readonly detectors: readonly string[];
  /** First and last position whose rows are kept. */
  readonly first: number;
  readonly last: number;
  /** Last position that is read. */
  readonly end: number;
  /** Tokens to go on after the reply's end; 0 where the policy does not allow it or nothing was stopped. */
  readonly continuation: number;
}

/** Plans the re-read. Throws `RereadError` where the trace could not be read as the live run read it. */
export function planReread(trace: Trace, settings: ReaderSettings, prompts: PromptEncoder): RereadPlan {
  const policy = policyOf(trace, settings);
  const { prompt, judged } = encodePrompt(trace, policy, prompts);
  const generated = trace.end?.generated ?? trace.evidence.at(-1)?.generated ?? [];
  const total = prompt.length + generated.length;
  checkTokens(trace, [...prompt, ...generated.map(({ id }) => id)]);
  const firing = firingOf(trace);
  if (firing.position >= total) throw new RereadError("its record ends before the position that was flagged");
  const fired = trace.sample ? [trace.sample.detector] : trace.evidence.map(({ finding }) => finding.detector);
  const last = Math.min(total - 1, firing.position + SHOWN_AFTER);
  const scored = trace.evidence.map(({ finding }) => finding.position).filter((position) => position < total);
  const isStopped = trace.end?.reason === "abort";
  return {
    trace,
    policy,
    prompt,
    judged,
    forced: Int32Array.from(generated, ({ id }) => id),
    firing,
    detectors: [...new Set(fired.flatMap((name) => membersOf(policy, name)))],
    first: Math.max(0, firing.position - SHOWN_BEFORE + 1),
    last,
    end: Math.max(last, ...scored),
    continuation: isStopped ? (policy.continuationTokens ?? 0) : 0,
  };
}

function policyOf({ head, evidence, sample }: Trace, { model, worker, policies }: ReaderSettings): Policy {
  if (head.model.sha256 !== model.sha256 || head.model.precision !== model.precision) {
    const { name, precision } = head.model;
    throw new RereadError(`it was written by ${name} in ${precision} precision, and another model is loaded`);
  }
  const policy = Object.hasOwn(policies, head.policy) ? policies[head.policy] : undefined;
  if (!policy) throw new RereadError(`its policy ${head.policy} is not configured any more`);
  const name = sample?.detector ?? evidence[0]?.finding.detector;
  const changed = name === undefined ? undefined : membersOf(policy, name).find((id) => !isSame(id, head, worker));
  if (changed !== undefined) throw new RereadError(`the detector ${changed} is not the one that judged it`);
  return policy;
}

/** Whether the detector that is loaded is the one that judged live. */
export function isSame(id: string, { detectorHashes }: Trace["head"], worker: ReaderSettings["worker"]): boolean {
  const loaded = worker.detectors.find((detector) => detector.id === id);
  return loaded !== undefined && Object.hasOwn(detectorHashes, id) && detectorHashes[id] === loaded.hash;
}

function encodePrompt({ head, end }: Trace, policy: Policy, prompts: PromptEncoder) {
  const text = head.conversation[0]?.content ?? "";
  const encoded = head.endpoint === "chat" ? prompts.encodeChat(head.conversation) : prompts.encodeText(text);
  const length = end?.promptTokens ?? head.promptTokens;
  if (length !== undefined && encoded.ids.length !== length) {
    throw new RereadError(`its prompt had ${length} tokens and has ${encoded.ids.length} now`);
  }
  return { prompt: encoded.ids, judged: policy.promptScope === "all" ? encoded.judgedAll : encoded.judgedNew };
}

// The live scores name their tokens: a prompt of the right length with other tokens shows here.
function checkTokens({ evidence }: Trace, ids: readonly number[]): void {
  for (const { position, token } of evidence.flatMap(({ live }) => live)) {
    if (ids[position] !== token) throw new RereadError(`another token than live stands at position ${position}`);
  }
}

function firingOf({ evidence, sample, end }: Trace): RereadPlan["firing"] {
  const [first] = evidence;
  if (first) return { position: first.finding.position, detector: first.finding.detector };
  const largest = end?.scores.find(({ detector }) => detector === sample?.detector);
  if (!largest || largest.position === null) throw new RereadError("no position of it was judged");
  return { position: largest.position, detector: largest.detector };
}

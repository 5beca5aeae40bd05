import { detectorsOf, type DetectorRule, type Policy } from "../decide/policy.ts";
import type { DetectorScore } from "../detect/finding.ts";
import type { WorkerEngine } from "../engine/worker-engine.ts";
import { runToEnd } from "../engine/run-to-end.ts";
import type { Problem } from "../errors.ts";
import type { OpenModel } from "../lens/open-model.ts";
import type { Definitions } from "./definitions.ts";

const QUESTION = "What is two plus two?";
const REPLY = " Two plus two is four.";
const LIMIT_MS = 60_000;
const CURE = "correct its definition, or take it out of the policies";

/**
 * Lets every detector that a policy runs judge an ordinary question with its reply, and combinations with them. A detector that throws,
 * gives no number or takes too long is found before a caller meets it. One problem for each, and none after one that never comes back: it took the thread along.
 */
export async function testEngine(
  engine: Pick<WorkerEngine, "read" | "status">,
  { config, detectors }: Pick<Definitions, "config" | "detectors">,
  model: Pick<OpenModel, "prompts">,
): Promise<Problem[]> {
  const { ids: prompt, judgedAll: judged } = model.prompts.encodeChat([{ role: "user", content: QUESTION }]);
  const forced = model.prompts.encodeText(REPLY).ids;
  const broken = new Map<string, string>();
  for (const policy of testPolicies(Object.values(config.policies))) {
    const request = { id: `self-test-${policy.name}`, prompt, judged, forced, policy, deadlineMs: LIMIT_MS };
    const { end } = await runToEnd(engine.read(request));
    const { stuck } = engine.status();
    for (const id of stuck) broken.set(id, `stuck: ${end.decision.rule ?? end.reason}`);
    if (stuck.length > 0) break;
    for (const { detector, error } of end.scores.filter(isBroken)) broken.set(detector, error);
    if (end.reason !== "stop") broken.set(policy.name, `it could not be read (${end.decision.rule ?? end.reason})`);
  }
  const files = new Map(detectors.map(({ id }) => [id, `${config.detectorsFolder}/${id}.yaml`]));
  return [...broken].map(([name, error]) => ({
    file: files.get(name) ?? config.file,
    message: `${name} breaks on an ordinary sentence: ${error}`,
    cure: CURE,
  }));
}

function isBroken(score: DetectorScore): score is DetectorScore & { readonly error: string } {
  return score.error !== null;
}

/** One with all detectors, and one for each policy that combines some. None of them ends a run. */
function testPolicies(policies: readonly Policy[]): Policy[] {
  const combining = policies.filter(({ combine = {} }) => Object.keys(combine).length > 0);
  return [observe("every detector", policies), ...combining.map((policy) => observe(policy.name, [policy]))];
}

function observe(name: string, policies: readonly Policy[]): Policy {
  const rule: DetectorRule = { action: "observe", onError: "open" };
  const ids = new Set(policies.flatMap(detectorsOf));
  const combine = policies.length === 1 ? (policies[0]?.combine ?? {}) : {};
  return {
    name,
    mode: "monitor",
    holdTokens: 0,
    onAbort: "finish",
    promptScope: "all",
    detectors: Object.fromEntries([...ids].map((id) => [id, rule])),
    combine: Object.fromEntries(Object.entries(combine).map(([id, each]) => [id, { ...each, action: "observe" }])),
  };
}

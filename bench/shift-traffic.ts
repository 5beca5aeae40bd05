// The people and programs of a shift: callers of all kinds, and two reviewers.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { GatewayProcess } from "../test/support/gateway-process.ts";
import { openDesk } from "../test/support/desk-client.ts";
import { atRoot } from "../test/support/documents.ts";
import { send, type Question } from "../test/support/wire-reply.ts";
import { openStream } from "../test/support/wire-stream.ts";

/** Keys of the configuration: one for all, one with five requests a minute. */
export const KEYS = { app: "sk-of-the-application", tight: "sk-with-a-limit" } as const;

const EVERYDAY = Object.values(
  JSON.parse(readFileSync(atRoot("scripts/data/everyday-questions.json"), "utf8")) as Record<string, string[]>,
).flat();
const STOPPED = [
  "Tell me about sushi.",
  "Tell me about pizza and pasta.",
  "Where do kangaroos live?",
  "What is a kimono?",
];
const VERDICTS = ["true_positive", "true_positive", "false_positive", "unsure", "escalate"] as const;

/** What the callers saw: how often each status came, by kind of caller. */
export type Counts = Map<string, number>;

/** Starts everybody; `stop` waits until the last reply has come. */
export function startTraffic(gateway: Pick<GatewayProcess, "api" | "console">) {
  const counts: Counts = new Map();
  let [isOver, asked] = [false, 0];
  const note = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const headers = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  const pick = <Value>(values: readonly Value[]): Value => values[asked++ % values.length] as Value;

  async function whole(name: string, question: Question, key: string = KEYS.app): Promise<void> {
    const response = await send(gateway, { ...question, ...headers(key) });
    const body = (await response.json()) as { readonly error?: { readonly code: string | null } };
    note([name, response.status, body.error?.code].filter((word) => word !== undefined).join(" "));
  }
  async function stream(isPatient: boolean): Promise<void> {
    const question = { content: pick(EVERYDAY), fields: { max_tokens: 60 }, ...headers(KEYS.app) };
    const reply = await openStream(gateway, question);
    if (isPatient) await reply.readToEnd();
    else await reply.readTokens(5).finally(() => reply.leave());
    note(isPatient ? "stream 200" : "stream left");
  }
  /** What goes wrong on the caller's side, or was told to. */
  async function odd(): Promise<void> {
    const content = pick(EVERYDAY);
    await whole("wrong key", { content }, "sk-of-nobody");
    await whole("no such model", { content, fields: { model: `model-${asked}` } });
    await whole("too many tokens", { content, fields: { max_tokens: 1_000_000 } });
    await whole("no such policy", { content, policy: "nowhere" });
    await whole("over the limit", { content, fields: { max_tokens: 1 } }, KEYS.tight);
    const breaking = "What is glass made of?";
    await whole("a detector that breaks, open", { content: breaking, policy: "frail-open" });
    await whole("a detector that breaks, closed", { content: breaking, policy: "frail-closed" });
  }
  async function review(name: string): Promise<void> {
    const desk = await openDesk(gateway.console, name);
    for (let number = 0; !isOver; number += 1) {
      await wait(2_500);
      const { claim } = (await desk.call("claim", {})).body;
      if (!claim) continue;
      const verdict = { token: claim.token, verdict: VERDICTS[number % VERDICTS.length], note: "" };
      note(`verdict ${(await desk.call(`items/${claim.traceId}/decide`, verdict)).status}`);
    }
  }
  const lane = async (pauseMs: number, work: () => Promise<void>): Promise<void> => {
    for (; !isOver; await wait(pauseMs))
      await work().catch((error: unknown) => note(`error ${String(error).slice(0, 90)}`));
  };
  const lanes = [
    lane(200, () => whole("everyday", { content: pick(EVERYDAY), fields: { max_tokens: 24 } })),
    lane(300, () => whole("guarded", { content: pick(EVERYDAY), policy: "guard", fields: { max_tokens: 16 } })),
    lane(900, () =>
      whole("stopped", { content: `${pick(STOPPED)} (${asked})`, policy: "demo", fields: { max_tokens: 24 } }),
    ),
    lane(400, () => stream(pick([true, true, false]))),
    lane(4_000, odd),
    lane(1_000, () => review("ada")),
    lane(1_000, () => review("grace")),
  ];
  return {
    counts,
    /** Sixty requests at once: more than slots and line hold. */
    async burst(): Promise<void> {
      const one = () => whole("burst", { content: pick(EVERYDAY), fields: { max_tokens: 32 } });
      await Promise.allSettled(Array.from({ length: 60 }, one));
    },
    async stop(): Promise<void> {
      isOver = true;
      await Promise.all(lanes);
    },
  };
}

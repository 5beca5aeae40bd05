import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startLive, type LiveGateway } from "../support/live-gateway.ts";
import { ask, traceIdOf, until, WAYS, type WireReply } from "../support/wire-reply.ts";

const CONTENT = "Count from one to ten.";
const abort = (detector: string, more: object = {}) => ({ action: "abort", detector, ...more });
const rule = ({ detector, ...fields }: { detector: string }) => ({ detectors: { [detector]: fields } });

let live: LiveGateway;
let open: WireReply;
beforeAll(async () => {
  live = await startLive({
    detectors: {
      "throws-in-prompt": { at: { prompt: 1 }, does: "throw" },
      throws: { at: { generated: 2 }, does: "throw" },
      nan: { at: { generated: 2 }, does: "nan" },
      stalls: { at: { generated: 2 }, does: "stall" },
      "throws-opened": { at: { generated: 2 }, does: "throw" },
      "nan-opened": { at: { generated: 2 }, does: "nan" },
      "fires-later": { at: { generated: 4 } },
    },
    policies: {
      "prompt-closed": rule(abort("throws-in-prompt")),
      "throws-closed": rule(abort("throws")),
      "nan-closed": rule(abort("nan")),
      "stalls-closed": rule(abort("stalls")),
      "observed-closed": rule(abort("throws", { action: "observe" })),
      "throws-opened": rule(abort("throws-opened", { on_error: "open" })),
      "nan-opened": rule(abort("nan-opened", { on_error: "open" })),
      "one-breaks-one-works": {
        detectors: {
          "throws-opened": { action: "abort", on_error: "open" },
          "fires-later": { action: "abort" },
        },
      },
      monitored: { ...rule(abort("throws")), mode: "monitor" },
    },
  });
  open = await ask(live, { content: CONTENT });
});
afterAll(() => live.stop());

describe.each(WAYS)("a detector that breaks in a reply that is $way", ({ stream }) => {
  test("in the prompt, refuses the request before headers", async () => {
    const reply = await ask(live, { content: CONTENT, policy: "prompt-closed", stream });
    expectUnavailable(reply);
  });

  test.each(["throws-closed", "nan-closed", "stalls-closed", "observed-closed"])(
    "in the generation, ends it (%s)",
    async (policy) => {
      const reply = await ask(live, { content: CONTENT, policy, stream });
      if (!stream) {
        expectUnavailable(reply);
        return;
      }
      expect(reply).toMatchObject({ status: 200, done: false, finishReason: null, usage: null });
      expect(reply.error).toMatchObject({ code: "oversight_unavailable", type: "server_error" });
      expect(reply.tokens).toEqual(open.tokens.slice(0, 2));
    },
  );

  test.each(["throws-opened", "nan-opened", "monitored"])(
    "where policy lets it pass, is counted (%s)",
    async (policy) => {
      const [detector, reason] =
        policy === "monitored" ? ["throws", "threw"] : [policy, policy.startsWith("nan") ? "not_finite" : "threw"];
      const failOpen = `oversight_fail_open_total{detector="${detector}",reason="${reason}"}`;
      const bypassed = `oversight_decisions_total{detector="${detector}",action="bypassed"}`;
      const before = [await live.metric(failOpen), await live.metric(bypassed)];
      const reply = await ask(live, { content: CONTENT, policy, stream });
      expect(reply).toMatchObject({ status: 200, finishReason: "length", text: open.text, tokens: open.tokens });
      expect([await live.metric(failOpen), await live.metric(bypassed)]).toEqual(before.map((count) => count + 1));
    },
  );

  test("does not silence the others", async () => {
    const reply = await ask(live, { content: CONTENT, policy: "one-breaks-one-works", stream });
    expect(reply).toMatchObject({ status: 200, finishReason: "content_filter", text: textBefore(4) });
    expect(await live.itemOf(traceIdOf(reply))).toMatchObject({ detector: "fires-later" });
  });
});

test("what broke is in the score row, and never in the answer", async () => {
  const reply = await ask(live, { content: CONTENT, policy: "throws-closed" });
  expect(JSON.stringify(reply.error)).not.toContain("the script says so");
  const [row] = await live.scores.list({ limit: 1 });
  expect(row).toMatchObject({
    reason: "unavailable",
    scores: [{ detector: "throws", error: "threw" }],
  });
});

test("a broken detector is an error in the log, under the request's id", async () => {
  await ask(live, { content: CONTENT, policy: "throws-closed", headers: { "x-request-id": "a-broken-one" } });
  const line = await until(() => live.lines.find((each) => each.includes("a-broken-one")));
  expect(line).toMatch(/^error a request failed/);
  expect(line).toContain("oversight_unavailable");
  expect(line).toContain('"rule":"throws-closed.throws: on_error closed"');
  expect(line).toContain('"broken":["throws: threw"]');
});

test("a broken detector that policy lets pass is a warning", async () => {
  await ask(live, { content: CONTENT, policy: "nan-opened", headers: { "x-request-id": "an-open-one" } });
  const line = await until(() => live.lines.find((each) => each.includes("an-open-one")));
  expect(line).toMatch(/^warn a request was answered past a broken detector .*"broken":\["nan-opened: not_finite"\]/);
});

function textBefore(index: number): string {
  return open.tokens
    .slice(0, index)
    .map(({ token }) => token)
    .join("");
}

function expectUnavailable(reply: WireReply): void {
  expect(reply).toMatchObject({ status: 503, text: "", error: { code: "oversight_unavailable" }, done: false });
  expect(reply.headers.get("retry-after")).toBe("2");
  expect(reply.headers.get("retry-after-ms")).toBe("2000");
  expect(reply.headers.get("x-should-retry")).toBeNull();
}

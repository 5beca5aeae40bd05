import { describe, expect, it } from "vitest";
import { actionOf, decide } from "../../src/decide/decision.ts";
import type { Action, Policy } from "../../src/decide/policy.ts";
import type { Finding } from "../../src/detect/finding.ts";

function policy(changes: Partial<Policy> = {}): Policy {
  const rule = (action: Action, onError: "closed" | "open" = "closed") => ({ action, onError });
  return {
    name: "strict",
    mode: "enforce",
    holdTokens: 1,
    onAbort: "finish",
    promptScope: "new",
    detectors: {
      watched: rule("observe"),
      flagged: rule("flag"),
      stopped: rule("abort"),
      loose: rule("abort", "open"),
    },
    ...changes,
  };
}
const monitor = policy({ mode: "monitor" });

const clear = (detector: string): Finding => ({ detector, verdict: "clear", position: 1, score: 0 });
const fired = (detector: string): Finding => ({
  detector,
  verdict: "fired",
  level: "abort",
  position: 1,
  score: 2,
  raw: 2,
  threshold: 1,
  phase: "generation",
  token: { id: 1, text: "a" },
  names: [],
});
const broken = (detector: string): Finding => ({
  detector,
  verdict: "error",
  position: 1,
  errorType: "threw",
  message: "x",
});

describe("decide", () => {
  it("goes on without findings and with clear ones", () => {
    expect(decide(policy(), [])).toEqual({ action: "continue" });
    expect(decide(policy(), [clear("stopped"), clear("unheard-of")])).toEqual({ action: "continue" });
  });

  it.each([
    ["watched", "observe"],
    ["flagged", "flag"],
    ["stopped", "abort"],
  ])("does what the rule of %s says and names it", (detector, action) => {
    expect(decide(policy(), [fired(detector)])).toEqual({ action, detector, rule: `strict.${detector}: ${action}` });
  });

  it("takes the strictest of several, wherever it stands", () => {
    expect(decide(policy(), [fired("watched"), fired("stopped"), fired("flagged")]).detector).toBe("stopped");
    expect(decide(policy(), [broken("watched"), fired("stopped")])).toEqual({
      action: "unavailable",
      detector: "watched",
      rule: "strict.watched: on_error closed",
    });
    expect(decide(monitor, [fired("flagged"), fired("stopped")]).action).toBe("would_abort");
  });

  it("names the first of several that ask for the same", () => {
    expect(decide(policy(), [fired("stopped"), fired("loose")]).detector).toBe("stopped");
  });

  it("turns abort into would_abort in monitor mode and says which rule it was", () => {
    expect(decide(monitor, [fired("stopped")])).toEqual({
      action: "would_abort",
      detector: "stopped",
      rule: "strict.stopped: abort",
    });
  });

  it("never blocks in monitor mode, not even for a broken detector", () => {
    expect(decide(monitor, [broken("stopped"), broken("unheard-of")])).toEqual({ action: "continue" });
  });

  it("lets an error pass only where the rule says open", () => {
    expect(decide(policy(), [broken("loose")])).toEqual({ action: "continue" });
    expect(decide(policy(), [broken("watched")]).action).toBe("unavailable");
  });

  it("stops on a firing that no rule speaks of, names of object members included", () => {
    for (const detector of ["unheard-of", "constructor", "__proto__"]) {
      expect(decide(policy(), [fired(detector)]).action).toBe("unavailable");
    }
  });
});

describe("actionOf", () => {
  it.each([
    [policy(), clear("stopped"), undefined],
    [policy(), fired("watched"), "observe"],
    [policy(), fired("flagged"), "flag"],
    [policy(), fired("stopped"), "abort"],
    [monitor, fired("stopped"), "would_abort"],
    [policy(), broken("loose"), "bypassed"],
    [monitor, broken("stopped"), "bypassed"],
    [policy(), broken("stopped"), undefined],
  ])("counts what was done about each finding: case %#", (under, finding, expected) => {
    expect(actionOf(under, finding)).toBe(expected);
  });
});

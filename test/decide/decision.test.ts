import { describe, expect, it } from "vitest";
import { actionOf, decide, isStricterThan } from "../../src/decide/decision.ts";
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

describe("a firing between two thresholds", () => {
  const flagged = (detector: string): Finding => ({ ...fired(detector), level: "flag" }) as Finding;

  it("is flagged where the rule aborts, in monitor mode too, and is as it was under milder rules", () => {
    expect(decide(policy(), [flagged("stopped")])).toEqual({
      action: "flag",
      detector: "stopped",
      rule: "strict.stopped: abort, at flag",
    });
    expect(decide(monitor, [flagged("stopped")]).action).toBe("flag");
    expect(decide(policy(), [flagged("flagged")]).action).toBe("flag");
    expect(decide(policy(), [flagged("watched")]).action).toBe("observe");
    expect(actionOf(policy(), flagged("stopped"))).toBe("flag");
  });
});

describe("several firings that ask for the same", () => {
  const weighed = (detector: string, logRatio: number): Finding => ({ ...fired(detector), logRatio }) as Finding;

  it.each([
    [[weighed("stopped", 1), weighed("loose", 4)], "loose"],
    [[weighed("stopped", 4), weighed("loose", 1)], "stopped"],
    [[fired("stopped"), weighed("loose", -3)], "loose"],
    [[weighed("stopped", 2), weighed("loose", 2)], "stopped"],
    [[weighed("flagged", 99), weighed("loose", -3)], "loose"],
  ])("are told by the likeliest one that is known: case %#", (findings, detector) => {
    expect(decide(policy(), findings).detector).toBe(detector);
  });
});

describe("a combination", () => {
  const combining = policy({
    combine: { team: { of: ["watched"], rule: "any", withinTokens: 16, threshold: 1, action: "abort" } },
  });

  it("acts by its own rule and fails closed", () => {
    expect(decide(combining, [fired("watched"), fired("team")])).toEqual({
      action: "abort",
      detector: "team",
      rule: "strict.team: abort",
    });
    expect(decide(combining, [broken("team")]).action).toBe("unavailable");
  });
});

describe("a confirming detector", () => {
  const confirming = (first: "closed" | "open", second: "closed" | "open") =>
    policy({
      detectors: {
        one: { action: "abort", onError: first, confirmWith: "dear" },
        two: { action: "abort", onError: second, confirmWith: "dear" },
      },
    });

  it.each([
    ["open", "open", "continue"],
    ["open", "closed", "unavailable"],
    ["closed", "open", "unavailable"],
  ] as const)("breaks every pair it belongs to: %s, %s", (first, second, action) => {
    expect(decide(confirming(first, second), [broken("dear")]).action).toBe(action);
  });

  it("is closed for a pair even where its own rule is open", () => {
    const { detectors } = confirming("closed", "open");
    const own = policy({ detectors: { ...detectors, dear: { action: "observe", onError: "open" } } });
    expect(decide(own, [broken("dear")]).action).toBe("unavailable");
  });
});

describe("isStricterThan", () => {
  it("is a strict order from going on to unavailable", () => {
    const order = ["continue", "observe", "flag", "would_abort", "abort", "unavailable"] as const;
    for (const [index, action] of order.entries()) {
      for (const [other, against] of order.entries()) {
        expect(isStricterThan({ action }, { action: against })).toBe(index > other);
      }
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

describe("decide, while a detector is loosened", () => {
  const loosened = policy({ loosened: { stopped: "monitor", flagged: "observe" } });

  it("stops nothing in monitor mode, and says whose rule it was", () => {
    expect(decide(loosened, [fired("stopped")])).toEqual({
      action: "would_abort",
      detector: "stopped",
      rule: "strict.stopped: abort, overridden to monitor",
    });
    expect(decide(loosened, [fired("loose")]).action).toBe("abort");
  });

  it("only counts in observe mode", () => {
    expect(decide(loosened, [fired("flagged")])).toMatchObject({ action: "observe" });
    expect(decide(policy({ loosened: { stopped: "observe" } }), [fired("stopped")])).toMatchObject({
      action: "observe",
    });
  });

  it("passes a loosened detector that breaks, and no other one", () => {
    expect(decide(loosened, [broken("stopped")])).toEqual({ action: "continue" });
    expect(actionOf(loosened, broken("flagged"))).toBe("bypassed");
    expect(decide(loosened, [broken("watched")]).action).toBe("unavailable");
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Policy } from "../../src/decide/policy.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import type { LoadedDetector } from "../../src/detect/loader.ts";
import { createPanel } from "../../src/detect/panel.ts";
import type { FlagEvidence, RunEvent } from "../../src/engine/engine.ts";
import {
  generateRequest,
  openVendoredParts,
  policyOf,
  type OpenedParts,
  type PolicyChanges,
  type Script,
} from "../support/engine-parts.ts";
import { endOf, eventsOf, namesOf, openRig } from "../support/engine-rig.ts";
import { loadedDetector, scriptedKind } from "../support/scripted-kind.ts";

const COUNTRY = `
description: A country, in few words.
kind: concept
options: { words: [Germany, Berlin, France, Japan], first_letter: as_written, taps: [23.attn_out] }
positions: both
aggregate: { type: max, window: 1 }
threshold: -1
calibration: { status: uncalibrated, note: for tests }
`;

const BUILT_IN = await loadKinds();

let opened: OpenedParts;
let prompt: Int32Array;
let last: number;
beforeAll(async () => {
  opened = await openVendoredParts("fast", { country: COUNTRY });
  prompt = opened.prompts.encodeText("The capital of Germany is").ids;
  last = prompt.length - 1;
});
afterAll(() => opened.close());

interface Scripted {
  readonly scripts: Readonly<Record<string, Script>>;
  readonly policy: PolicyChanges;
  readonly detector?: Partial<LoadedDetector>;
}

/** Writes four tokens with the country's concept and detectors that fire where a test says so. */
async function write({ scripts, policy, detector = {} }: Scripted): Promise<RunEvent[]> {
  const kinds = Object.entries(scripts).map(([id, script]) => scriptedKind(id, script));
  const added = kinds.map(({ name }) => loadedDetector(name, detector));
  const known = new Map([...BUILT_IN, ...kinds.map((kind) => [kind.name, kind] as const)]);
  const panel = createPanel([...opened.detectors, ...added], known);
  const parts = { ...opened.parts, panel, policy: policyOf(policy) };
  return eventsOf(openRig(parts, opened.model).generate(generateRequest(prompt, { maxTokens: 4 })));
}

const flagsOf = (events: readonly RunEvent[]): FlagEvidence[] =>
  events.flatMap((event) => (event.type === "flag-raised" ? [event.evidence] : []));

describe("a detector with two thresholds", () => {
  const levels = { threshold: 1, abortThreshold: 3 };
  const rising = (): Script => ({ [last + 1]: { score: 2 }, [last + 2]: { score: 2.5 }, [last + 3]: { score: 3 } });

  it("is on record when it flags, and again when it aborts", async () => {
    const events = await write({
      scripts: { alarm: rising() },
      policy: { detectors: { alarm: {} } },
      detector: levels,
    });
    expect(flagsOf(events).map(({ finding, decision }) => [finding.position, decision.action])).toEqual([
      [last + 1, "flag"],
      [last + 3, "abort"],
    ]);
    expect(flagsOf(events)[1]?.finding).toMatchObject({ level: "abort", threshold: 3, score: 3 });
    expect(endOf(events)).toMatchObject({ reason: "abort", decision: { action: "abort" } });
    expect(endOf(events).actions.map(({ action }) => action)).toEqual(["flag", "abort"]);
    expect(namesOf(events).at(-2)).toBe("flag-raised");
  });

  it("goes on where it only flags", async () => {
    const events = await write({
      scripts: { alarm: { [last + 1]: { score: 2 }, [last + 2]: { score: 2.9 } } },
      policy: { detectors: { alarm: {} } },
      detector: levels,
    });
    expect(flagsOf(events)).toHaveLength(1);
    expect(endOf(events)).toMatchObject({ reason: "length", decision: { action: "flag" } });
  });

  it("is recorded twice in monitor mode, too: flagged, then what would have been stopped", async () => {
    const policy = { mode: "monitor" as const, detectors: { alarm: {} } };
    const events = await write({ scripts: { alarm: rising() }, policy, detector: levels });
    expect(flagsOf(events).map(({ decision }) => decision.action)).toEqual(["flag", "would_abort"]);
    expect(endOf(events).reason).toBe("length");
  });
});

describe("a firing that is not confirmed", () => {
  const detectors = { cheap: { confirmWith: "dear" } };

  it("is clear, and counted", async () => {
    const events = await write({
      scripts: { cheap: { [last + 1]: { score: 2 } }, dear: { [last + 1]: { score: 0.5 } } },
      policy: { detectors },
    });
    expect(flagsOf(events)).toEqual([]);
    expect(endOf(events)).toMatchObject({
      reason: "length",
      decision: { action: "continue" },
      actions: [{ detector: "cheap", action: "unconfirmed", count: 1 }],
    });
    expect(endOf(events).scores.map(({ detector, fired }) => [detector, fired])).toEqual([
      ["cheap", false],
      ["dear", false],
    ]);
  });

  it("stops the run where it is confirmed, with the scores of both in the evidence", async () => {
    const events = await write({
      scripts: { cheap: { [last + 1]: { score: 2 } }, dear: { [last + 1]: { score: 1.5 } } },
      policy: { detectors },
    });
    const [flag] = flagsOf(events);
    expect(flag).toMatchObject({
      finding: { detector: "cheap" },
      detectors: ["cheap", "dear"],
      thresholds: [null, null],
    });
    expect(flag?.live.at(-1)?.scores).toEqual([2, 1.5]);
    expect(endOf(events).reason).toBe("abort");
  });

  it("fails closed when the confirming detector breaks", async () => {
    const events = await write({
      scripts: { cheap: { [last + 1]: { score: 2 } }, dear: { [last + 1]: { score: Number.NaN } } },
      policy: { detectors },
    });
    expect(endOf(events)).toMatchObject({ reason: "unavailable", decision: { detector: "dear" } });
  });
});

describe("a combination", () => {
  const combine: Policy["combine"] = {
    team: { of: ["country", "alarm"], rule: "all", withinTokens: 4, threshold: 2, action: "abort" },
  };

  it("stops the run in its own name, with its threshold and the lens of its members", async () => {
    const events = await write({
      scripts: { alarm: { [last + 1]: { score: 2 } } },
      policy: { detectors: { country: { action: "observe" }, alarm: { action: "observe" } }, combine },
    });
    const [flag] = flagsOf(events);
    expect(flag).toMatchObject({
      finding: { detector: "team", score: 2, names: [{ name: "country" }, { name: "alarm" }] },
      decision: { action: "abort", rule: "test.team: abort" },
      detectors: ["country", "alarm", "team"],
      thresholds: [-1, null, 2],
    });
    expect(flag?.lens.map(({ tap }) => tap)).toEqual(["23.attn_out"]);
    expect(flag?.live.at(-1)?.scores[2]).toBe(2);
    const end = endOf(events);
    expect(end).toMatchObject({ reason: "abort", decision: { detector: "team" } });
    expect(end.scores.at(-1)).toMatchObject({ detector: "team", score: 2, fired: true });
    expect(end.actions).toContainEqual({ detector: "team", action: "abort", count: 1 });
    expect(end.runs.some(({ detector, verdict }) => detector === "team" && verdict === "fired")).toBe(true);
  });
});

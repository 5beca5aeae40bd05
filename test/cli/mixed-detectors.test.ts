import { describe, expect, it } from "vitest";
import { mixDetectors } from "../../src/cli/mixed-detectors.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { createPanel } from "../../src/detect/panel.ts";
import { isProbeRead, tapsOfRead, type ConceptRead, type ProbeRead } from "../../src/lens/reading.ts";
import { formatTap } from "../../src/lens/tap.ts";
import { loadedDetector } from "../support/scripted-kind.ts";

const tap = { layer: 3, point: "mlp_out" } as const;
const read: ConceptRead = { tap, tokens: [1, 2], yardstick: "background" };
const probe: ProbeRead = { taps: [tap], directions: new Float32Array(4), bias: 0 };
const parts = { layers: 30, hidden: 4 };
const countBy = (kinds: readonly string[]) => kinds.map((kind) => kinds.filter((each) => each === kind).length);

describe("a mixture of detectors", () => {
  it("is twenty: the configured concept at eight taps, and made-up probes and patterns that the kinds can run", async () => {
    const concept = loadedDetector("country", { reads: [read] });
    const mixed = mixDetectors({ ...parts, detectors: [concept] });
    expect(new Set(mixed.map(({ id }) => id)).size).toBe(20);
    const concepts = mixed.slice(0, 8);
    expect(concepts.every(({ kind }) => kind === concept.kind)).toBe(true);
    expect(new Set(concepts.flatMap(({ reads }) => reads.flatMap(tapsOfRead).map(formatTap))).size).toBe(8);
    const made = mixed.slice(8);
    expect(countBy(made.map(({ kind }) => kind))).toEqual([...Array(8).fill(8), ...Array(4).fill(4)]);
    for (const each of made.flatMap(({ reads }) => reads)) {
      expect(isProbeRead(each) && [each.taps.length, each.directions.length]).toEqual([6, 24]);
    }
    const panel = createPanel(made, await loadKinds());
    const run = panel.start(Object.fromEntries(made.map(({ id }) => [id, {}])));
    const reading = () => ({ logOdds: 1, logits: Float32Array.of(1, 0, 0, 0, 0, 0) });
    const findings = run.judge({ position: 4, phase: "generation", token: 1, text: " word", reading });
    expect(findings.map(({ verdict }) => verdict)).toEqual(made.map(() => "clear"));
  });

  it("takes the configured probes and patterns where there are some", () => {
    const own = loadedDetector("lies", { reads: [probe] });
    const rule = { ...loadedDetector("rule", { reads: [] }), kind: "pattern" };
    const mixed = mixDetectors({ ...parts, detectors: [own, rule] });
    expect(mixed).toHaveLength(12);
    expect(mixed.filter(({ reads }) => reads[0] === probe)).toHaveLength(8);
    expect(mixed.slice(8).every(({ kind, resolved }) => kind === "pattern" && resolved === rule.resolved)).toBe(true);
  });
});

import { copyFileSync, readFileSync, writeFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { formatDetector, testDetectors } from "../../src/cli/detectors.ts";
import { writeLiveConfig } from "../support/live-gateway.ts";
import { problemsOf } from "../support/problems.ts";
import { calibratedWith, loadedDetector } from "../support/scripted-kind.ts";

const SHIPPED = fileURLToPath(new URL("../../detectors", import.meta.url));
const shipped = writeLiveConfig({ detectors: {}, policies: {}, fields: { detectors: SHIPPED } });
const own = writeLiveConfig({ detectors: { bare: { at: { prompt: 0 } } }, policies: {} });
const folder = join(own.folder, "detectors");
copyFileSync(join(SHIPPED, "country-channel.yaml"), join(folder, "country-channel.yaml"));
afterAll(() => [shipped, own].forEach(({ remove }) => remove()));

const CASES = `cases:
  - name: holds
    prompt: The capital of Germany is
    max_tokens: 0
    expect: { fires: true, names: Germany, margin: 0 }
  - name: asks for the wrong country
    prompt: The capital of Germany is
    max_tokens: 0
    expect: { fires: true, names: France, margin: 0 }
`;

describe("lensgate detectors test", () => {
  it("passes every shipped case on the real model", async () => {
    const { lines, passed, failed } = await testDetectors({ config: shipped.path, ids: [] });
    const files = readdirSync(SHIPPED).filter((name) => name.endsWith(".test.yaml"));
    const written = files.map((name) => readFileSync(join(SHIPPED, name), "utf8"));
    const names = written.flatMap((text) => text.match(/^ {2}- name: /gm) ?? []);
    expect(lines.filter((line) => line.startsWith("FAIL"))).toEqual([]);
    expect({ passed, failed }).toEqual({ passed: names.length, failed: 0 });
    expect(lines).toContain("ok   country-channel: Germany is known from its own name");
    expect(lines.at(-1)).toBe(`${names.length} passed, 0 failed`);
  });

  it("shows a case that fails with its place, and goes on after it", async () => {
    const file = join(folder, "country-channel.test.yaml");
    writeFileSync(file, CASES);
    expect(await testDetectors({ config: own.path, ids: ["country-channel"] })).toEqual({
      passed: 1,
      failed: 1,
      lines: [
        "ok   country-channel: holds",
        "FAIL country-channel: asks for the wrong country",
        `       ${file}:6: it names Germany, not France`,
        "1 passed, 1 failed",
      ],
    });
  });
});

describe("lensgate detectors test, before the model is loaded", () => {
  const problemsFor = (ids: readonly string[], detectors: string) => {
    // No model is there to load.
    const live = writeLiveConfig({ detectors: {}, policies: {}, fields: { detectors, model: "none" } });
    return problemsOf(() => testDetectors({ config: live.path, ids })).finally(() => live.remove());
  };

  it("reports cases whose detector does not exist", async () => {
    const { folder: home, remove } = writeLiveConfig({ detectors: { bare: { at: { prompt: 0 } } }, policies: {} });
    const file = join(home, "detectors", "gone.test.yaml");
    writeFileSync(file, CASES);
    const expected = [
      `${file}: there is no detector "gone" for these cases (cure: write gone.yaml, or rename the file)`,
    ];
    expect(await problemsFor([], join(home, "detectors"))).toEqual(expected);
    expect(await problemsFor(["gone"], join(home, "detectors"))).toEqual(expected);
    remove();
  });

  it("reports every named detector that has no cases or is not there", async () => {
    expect(await problemsFor(["bare", "clam"], folder)).toEqual([
      `${folder}/bare.test.yaml: the detector "bare" has no cases (cure: write them beside the definition)`,
      `${folder}/clam.test.yaml: there is no detector "clam" (cure: name one that \`lensgate detectors list\` shows)`,
    ]);
  });

  it("does not pass where there is nothing to run", async () => {
    const { folder: home, remove } = writeLiveConfig({ detectors: { bare: { at: { prompt: 0 } } }, policies: {} });
    expect(await problemsFor([], join(home, "detectors"))).toEqual([
      `${home}/detectors: no detector has cases (cure: write <id>.test.yaml beside a definition)`,
    ]);
    remove();
  });
});

describe("lensgate detectors list", () => {
  it("has kind, taps once each, threshold, calibration and hash on a line", () => {
    const reads = ([23, 23, 29] as const).map((layer) => ({
      tap: { layer, point: "attn_out" as const },
      tokens: [1],
      yardstick: "exact" as const,
    }));
    expect(formatDetector(loadedDetector("country", { kind: "concept", reads, threshold: -2.5 }))).toBe(
      "country  concept  23.attn_out, 29.attn_out  threshold -2.5  uncalibrated  0123456789abcdef",
    );
    expect(
      formatDetector(loadedDetector("words", { kind: "pattern", abortThreshold: 2, calibration: calibratedWith() })),
    ).toBe("words  pattern  text  flag 1, abort 2  calibrated, false alarms 0  0123456789abcdef");
  });
});

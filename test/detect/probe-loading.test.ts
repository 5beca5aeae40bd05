import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bindingFields, bindingFor } from "../../src/detect/calibration.ts";
import type { Kind, ResolveContext } from "../../src/detect/kinds/kind.ts";
import { loadKinds } from "../../src/detect/kinds/registry.ts";
import { loadDetectors } from "../../src/detect/loader.ts";
import { encodeProbe, type Probe } from "../../src/detect/probe-file.ts";
import { writeFolder } from "../support/folder.ts";
import { problemsOf } from "../support/problems.ts";
import { openVocabulary, TEST_BINDING } from "../support/vocabulary.ts";

let context: ResolveContext;
let kinds: Map<string, Kind>;
beforeAll(async () => {
  context = await openVocabulary();
  kinds = await loadKinds();
});

const load = (folder: string) => loadDetectors({ folder, kinds, context, binding: TEST_BINDING });
const shorten = (problems: readonly string[]) => problems.map((problem) => problem.replace(/^.*?\/(?=[^/]*:\d)/, ""));

describe("a detector with a file of its own", () => {
  const PROBE = `description: Probe.\nkind: probe\noptions: { file: weights/p.safetensors }\npositions: both\naggregate: { type: max }\nthreshold: 1\ncalibration: { status: uncalibrated, note: n }\n`;
  function writeProbe(changes: Partial<Probe> = {}) {
    const folder = writeFolder({ "p.yaml": PROBE, "weights/.keep": "" });
    const probe: Probe = {
      taps: ["23.attn_out"],
      directions: new Float32Array(576).fill(0.5),
      bias: 0,
      hidden: 576,
      modelSha256: TEST_BINDING.modelSha256,
      precision: "fast",
      about: {},
      ...changes,
    };
    writeFileSync(join(folder, "weights", "p.safetensors"), encodeProbe(probe));
    return folder;
  }

  it("is read, and is another detector with another file", () => {
    const [one] = load(writeProbe());
    expect(one?.reads[0]).toMatchObject({ taps: [{ layer: 23, point: "attn_out" }], bias: 0 });
    expect(structuredClone(one)).toEqual(one);
    expect(load(writeProbe())[0]?.hash).toBe(one?.hash);
    expect(load(writeProbe({ about: { note: "trained again" } }))[0]?.hash).not.toBe(one?.hash);
  });

  it("is refused with the definition's line, the file and its field", async () => {
    const folder = writeProbe({ precision: "exact" });
    expect(shorten(await problemsOf(() => load(folder)))).toEqual([
      expect.stringMatching(
        /^p\.yaml:3 options\.file: weights\/p\.safetensors: __metadata__\.precision: trained for exact, but fast is loaded \(cure: train/,
      ),
    ]);
  });

  it("cannot be outside the folder", async () => {
    const folder = writeFolder({ "p.yaml": PROBE.replace("weights/", "../weights/") });
    expect(shorten(await problemsOf(() => load(folder)))).toEqual([
      expect.stringMatching(/^p\.yaml:3 options\.file: .*does not name a file below the folder of the detectors/),
    ]);
  });

  it("is bound to no background and no lens", async () => {
    const bound = `calibration: ${JSON.stringify({
      status: "calibrated",
      data: "d",
      false_alarm_rate: 0,
      ...bindingFields(bindingFor([], TEST_BINDING)),
    })}`;
    const folder = writeProbe();
    writeFileSync(join(folder, "p.yaml"), PROBE.replace(/calibration:.*/, bound));
    expect(load(folder)[0]).toMatchObject({ calibrated: true, calibration: { lens: "none", background_sha256: null } });
    writeFileSync(join(folder, "p.yaml"), PROBE.replace(/calibration:.*/, bound.replace('"none"', '"logit"')));
    expect(shorten(await problemsOf(() => load(folder)))[0]).toMatch(
      /calibration\.lens: calibrated for logit, but none is loaded/,
    );
  });
});

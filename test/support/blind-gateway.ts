import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { decodeProbe, encodeProbe } from "../../src/detect/probe-file.ts";
import { startGateway } from "../../src/gateway.ts";
import { atRoot } from "./documents.ts";
import { temporaryFolder } from "./folder.ts";
import { noteLog, writeLiveConfig } from "./live-gateway.ts";
import { until } from "./wire-reply.ts";

const FILES = ["harm-intent.yaml", "harm-intent.safetensors", "harm-intent.test.yaml"];

/** A gateway that observes with the shipped `harm-intent`, whose weights may be made to score nothing. */
export async function startWatched(stateDir: string, isBroken: boolean) {
  const detectors = join(temporaryFolder(), "detectors");
  mkdirSync(detectors);
  for (const name of FILES) cpSync(atRoot(`detectors/${name}`), join(detectors, name));
  if (isBroken) {
    const file = join(detectors, "harm-intent.safetensors");
    const probe = decodeProbe(readFileSync(file));
    writeFileSync(file, encodeProbe({ ...probe, directions: probe.directions.map(() => 1e-12) }));
  }
  const { path, remove } = writeLiveConfig({
    detectors: {},
    policies: { one: { detectors: { "harm-intent": { action: "observe" } } } },
    fields: { detectors, default_policy: "one", state_dir: stateDir, engine: { threads: 1 } },
  });
  onTestFinished(remove);
  const lines: string[] = [];
  const gateway = await startGateway({ config: loadConfig({ path, environment: {} }), log: noteLog(lines) });
  const series = async (name: string): Promise<number> => {
    const text = await (await fetch(`${gateway.console.url}/metrics`)).text();
    return Number(
      text
        .split("\n")
        .find((line) => line.startsWith(name))
        ?.split(" ")
        .at(-1),
    );
  };
  const canariesRan = () =>
    until(async () => (await series("oversight_canary_last_run_timestamp_seconds")) > 0, 60_000);
  return { gateway, lines, series, canariesRan };
}

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../src/detector-files.ts";
import { toDefinition } from "./live-gateway.ts";

/** The files of a gateway that a test started, to be changed while it runs. */
export interface LiveFiles {
  /** Writes fields of `gateway.yaml` over those that are there; a field that is undefined goes. */
  setFields(fields: Readonly<Record<string, unknown>>): void;
  /** Writes `gateway.yaml` as it stands. */
  setText(text: string): void;
  /** Writes a definition, as `startLive` does. */
  setDetector(id: string, definition: object): void;
  setDetectorText(id: string, text: string): void;
  removeDetector(id: string): void;
  /** What `gateway.yaml` says. */
  read(): Readonly<Record<string, unknown>>;
  readText(): string;
}

/** The files below a folder that `writeLiveConfig` made. */
export function openLiveFiles(folder: string): LiveFiles {
  const file = join(folder, "gateway.yaml");
  const detector = (id: string) => join(folder, "detectors", `${id}.yaml`);
  const read = () => JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  return {
    setFields: (fields) => replaceFile(file, JSON.stringify({ ...read(), ...fields }, null, 2)),
    setText: (text) => replaceFile(file, text),
    setDetector: (id, definition) => replaceFile(detector(id), JSON.stringify(toDefinition(definition))),
    setDetectorText: (id, text) => replaceFile(detector(id), text),
    removeDetector: (id) => rmSync(detector(id)),
    read,
    readText: () => readFileSync(file, "utf8"),
  };
}

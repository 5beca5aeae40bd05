import { existsSync, readFileSync } from "node:fs";
import { ConfigError } from "../errors.ts";
import { hashFile } from "../model/prepared-folder.ts";
import type { OpenModel } from "./open-model.ts";

/** Ordinary text that a model ships for checks. Throws `ConfigError` when there is none or it was changed. */
export async function readSampleText({ source }: Pick<OpenModel, "source">): Promise<string> {
  const sample = source.lens["sample.txt"];
  if (!sample || !existsSync(sample.path)) {
    const message = "the model has no sample.txt to check yardsticks on";
    const cure = "give some hundred words of ordinary text there and name it in model.yaml with the role lens";
    throw new ConfigError([{ file: source.folder, field: "files", message, cure }]);
  }
  if ((await hashFile(sample.path)) !== sample.sha256) {
    const cure = "restore the file, or correct model.yaml if you trust this one";
    throw new ConfigError([{ file: sample.path, message: "its sha256 is not the one of model.yaml", cure }]);
  }
  return readFileSync(sample.path, "utf8");
}

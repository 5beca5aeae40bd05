import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LIVE_MODEL } from "./live-gateway.ts";
import { VENDORED_FOLDER } from "./prepared-model.ts";

const GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf";

/** What is wrong with a model folder. */
export interface Spoiled {
  /** What `model.yaml` says of the file. */
  readonly sha256?: string;
  /** How much of the file there is; `model.yaml` has the hash of that much. */
  readonly bytes?: number;
  /** What stands in the file instead; `model.yaml` has its hash. */
  readonly text?: string;
  /** What stands in `lens/background.json` instead. */
  readonly background?: string;
}

/** Writes a model folder like the vendored one, with something wrong, under its own name in a folder. */
export function writeSpoiledModel(folder: string, { sha256, bytes, text, background }: Spoiled): void {
  const model = join(folder, LIVE_MODEL);
  mkdirSync(model);
  cpSync(join(VENDORED_FOLDER, "lens"), join(model, "lens"), { recursive: true });
  if (background !== undefined) writeFileSync(join(model, "lens", "background.json"), background);
  const vendored = join(VENDORED_FOLDER, GGUF);
  const description = readFileSync(join(VENDORED_FOLDER, "model.yaml"), "utf8");
  const [own = ""] = /(?<=\.gguf:\s+sha256: )[0-9a-f]{64}/.exec(description) ?? [];
  let written = sha256 ?? own;
  if (bytes === undefined && text === undefined) symlinkSync(vendored, join(model, GGUF));
  else {
    const content = text === undefined ? readFileSync(vendored).subarray(0, bytes) : Buffer.from(text);
    writeFileSync(join(model, GGUF), content);
    written = createHash("sha256").update(content).digest("hex");
  }
  writeFileSync(join(model, "model.yaml"), description.replace(own, written));
}

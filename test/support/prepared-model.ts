import { fileURLToPath } from "node:url";
import { readModelFolder } from "../../src/model/model-folder.ts";
import { openPrepared } from "../../src/model/prepare.ts";
import type { PreparedModel } from "../../src/model/prepared.ts";

/** The model folder that the repository carries. */
export const VENDORED_FOLDER = fileURLToPath(new URL("../../models/smollm2-135m-instruct", import.meta.url));

/** Where tests prepare it: once a checkout, unless `LENSGATE_CACHE_DIR` names another folder. */
export const TEST_CACHE =
  process.env["LENSGATE_CACHE_DIR"] || fileURLToPath(new URL("../../.cache/lensgate", import.meta.url));

/** The vendored model in a precision, prepared at first use. Test files at work side by side wait for each other. */
export function openVendored(precision: "fast" | "exact"): Promise<PreparedModel> {
  return openPrepared({ model: readModelFolder(VENDORED_FOLDER), cache: TEST_CACHE, precision });
}

// Prepares a model in a process of its own: npx tsx preparing-process.ts MODEL_FOLDER CACHE
// Prints one line of JSON: the problems, or how often progress was told (0 when another process had done the work).
import { ConfigError, formatProblem } from "../../src/errors.ts";
import { readModelFolder } from "../../src/model/model-folder.ts";
import { openPrepared } from "../../src/model/prepare.ts";

const [folder = "", cache = ""] = process.argv.slice(2);
// With a handler, a write past the limit on file sizes fails as on a full disk instead of ending the process.
process.on("SIGXFSZ", () => undefined);
let progress = 0;
const onProgress = () => {
  progress += 1;
};
try {
  await openPrepared({ model: readModelFolder(folder), cache, precision: "fast", onProgress });
  process.stdout.write(JSON.stringify({ progress }));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stdout.write(JSON.stringify({ problems: error.problems.map(formatProblem) }));
}

// House rules that oxlint does not know: tests beside sources, names, re-exports, words in comments, current boundaries.
//
// usage: node scripts/check-house-rules.mjs      prints every breach as `file[:line]: what (cure: …)`, exits 1 when there is one
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { boundariesAreCurrent } from "./lint-boundaries.mjs";

/** Sources without a test of the same path, each with its reason. The list only shrinks: an entry that is not needed is a breach. */
const UNTESTED = {};

const FOLDERS = ["src", "test", "scripts", "bench"];
const CODE = /\.(ts|mts|js|mjs|py)$/;
const BANNED_NAMES = /^(utils?|helpers?|common|types?|misc)$/;
// Written in halves, so that this file passes its own check.
const BANNED_WORDS = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
const RUNTIME_CODE = /^(export\s+)?(async\s+)?(const|let|var|function|class)\b/m;

const root = fileURLToPath(new URL("..", import.meta.url));
const files = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
);
const code = files.filter((file) => CODE.test(file) && !file.startsWith("test/fixtures/"));
const sources = code.filter((file) => /^src\/.*\.ts$/.test(file));
const read = (file) => readFileSync(join(root, file), "utf8");

function testOf(source) {
  return source.replace(/^src\//, "test/").replace(/\.ts$/, ".test.ts");
}

function checkTests() {
  const bare = sources.filter((file) => !existsSync(join(root, testOf(file))) && RUNTIME_CODE.test(read(file)));
  return [
    ...bare
      .filter((file) => !Object.hasOwn(UNTESTED, file))
      .map((file) => `${file}: has no test (cure: write ${testOf(file)})`),
    ...Object.keys(UNTESTED)
      .filter((file) => !bare.includes(file))
      .map(
        (file) => `${file}: needs no exception any more (cure: take it off the list in scripts/check-house-rules.mjs)`,
      ),
  ];
}

function checkNames() {
  return files
    .filter((file) => file.split("/").some((part) => BANNED_NAMES.test(basename(part).replace(/\..*$/, ""))))
    .map((file) => `${file}: says nothing of what it holds (cure: name it after its subject)`);
}

function checkLines() {
  return code.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => {
        const place = `${file}:${index + 1}`;
        const breaches = [];
        const word = BANNED_WORDS.exec(line)?.[1];
        if (word) breaches.push(`${place}: holds ${word} (cure: do it, or open an issue)`);
        if (file.startsWith("src/") && /^export default\b/.test(line))
          breaches.push(`${place}: default export (cure: name it)`);
        if (file.startsWith("src/") && /^export (type )?(\*|\{[^}]*\}).* from /.test(line)) {
          breaches.push(`${place}: passes on another file's export (cure: import it from its home)`);
        }
        return breaches;
      }),
  );
}

function checkBoundaries() {
  return boundariesAreCurrent()
    ? []
    : [".oxlintrc.json: its boundaries differ from the tables (cure: node scripts/lint-boundaries.mjs)"];
}

const breaches = [...checkTests(), ...checkNames(), ...checkLines(), ...checkBoundaries()];
for (const breach of breaches) console.error(breach);
console.log(`house rules: ${sources.length} sources, ${breaches.length} breaches`);
process.exitCode = breaches.length === 0 ? 0 : 1;

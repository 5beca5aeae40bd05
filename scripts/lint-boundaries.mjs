// The two boundaries that lint enforces, as tables: which stage may import which, and which file talks to which library.
// oxlint takes the last matching override whole, so every folder needs a complete list; this script writes them.
//
// usage: node scripts/lint-boundaries.mjs      rewrites the overrides in .oxlintrc.json
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

/** Stages in the order in which data flows; each imports only from those before it. Everyone may import errors.ts, log.ts and the file readers. */
export const STAGES = [
  { name: "model", files: ["src/model/**"], imports: "model/" },
  { name: "lens", files: ["src/lens/**"], imports: "lens/" },
  { name: "detect", files: ["src/detect/**"], imports: "detect/" },
  { name: "decide", files: ["src/decide/**"], imports: "decide/" },
  { name: "engine", files: ["src/engine/**"], imports: "engine/" },
  { name: "training", files: ["src/training/**"], imports: "training/" },
  { name: "evaluation", files: ["src/evaluation/**"], imports: "evaluation/" },
  { name: "upstream", files: ["src/upstream/**"], imports: "upstream/" },
  { name: "trace", files: ["src/trace/**"], imports: "trace/" },
  { name: "queue", files: ["src/queue/**"], imports: "queue/" },
  { name: "enrichment", files: ["src/enrichment/**"], imports: "enrichment/" },
  { name: "review", files: ["src/review/**"], imports: "review/" },
  { name: "http", files: ["src/http/**"], imports: "http/" },
  { name: "metrics", files: ["src/metrics.ts", "src/metrics/**"], imports: "metrics" },
  { name: "gateway", files: ["src/gateway.ts", "src/gateway/**"], imports: "gateway" },
  { name: "cli", files: ["src/cli/**", "src/main.ts"], imports: "cli/" },
];

const ORDER = STAGES.map((stage) => stage.name).join(" < ");

/** Libraries with one home: a file, or the folders named. */
export const HOMES = {
  "onnxruntime-node": ["src/model/session.ts"],
  "@huggingface/gguf": ["src/model/gguf.ts"],
  "@huggingface/tokenizers": ["src/model/tokenizer.ts"],
  "@huggingface/jinja": ["src/model/chat-template.ts"],
  protobufjs: ["src/model/onnx-format.ts"],
  libsql: ["src/trace/database.ts"],
  ioredis: ["src/trace/redis.ts"],
  bullmq: ["src/queue/bullmq.ts", "src/queue/work-queue.ts"],
  "prom-client": ["src/metrics.ts"],
  yaml: ["src/yaml-document.ts"],
  pino: ["src/log.ts"],
  "@observablehq/plot": ["src/evaluation/plots.ts"],
  linkedom: ["src/evaluation/plots.ts"],
  express: ["src/http/**", "src/review/**"],
  commander: ["src/cli/**"],
};

// `../http/app.ts`, `./http/app.ts` and `../../http/app.ts`, but no folder that merely ends so.
function stagePatterns(stages) {
  if (stages.length === 0) return [];
  const tails = stages.map(({ imports }) => (imports.endsWith("/") ? imports : `${imports}(\\.ts$|/)`));
  return [
    {
      regex: `^(\\./|(\\.\\./)+)(${tails.join("|")})`,
      message: `a stage imports only from stages before it: ${ORDER}`,
    },
  ];
}

function libraryPattern(file) {
  const others = Object.keys(HOMES).filter((library) => !HOMES[library].includes(file));
  const message = "this library has one home: see scripts/lint-boundaries.mjs";
  return { regex: `^(${others.join("|").replaceAll(/[./]/g, "\\$&")})($|/)`, message };
}

// Types of the configuration may be named anywhere; its loader belongs to the composition root.
const configPattern = {
  regex: "^(\\./|(\\.\\./)+)config(\\.ts$|/)",
  allowTypeImports: true,
  message: "only gateway.ts and cli read the configuration: take its values as parameters",
};

function override(files, patterns) {
  return { files, rules: { "no-restricted-imports": ["error", { patterns }] } };
}

/** The overrides for `src`: all files, then each stage, then the files that are a library's home. */
export function boundaryOverrides() {
  const every = stagePatterns(STAGES);
  const config = every.map((pattern) => ({ ...pattern, allowTypeImports: true }));
  const stages = STAGES.map((stage, index) => ({
    files: stage.files,
    patterns: [
      ...stagePatterns(STAGES.slice(index + 1)),
      ...(["gateway", "cli"].includes(stage.name) ? [] : [configPattern]),
    ],
  }));
  const homes = [...new Set(Object.values(HOMES).flat())].filter((file) => !file.includes("*"));
  return [
    override(["src/**"], [...every, libraryPattern("src/**")]),
    override(["src/config.ts", "src/config/**"], [...config, libraryPattern("src/config.ts")]),
    ...stages.map(({ files, patterns }) => override(files, [...patterns, libraryPattern(files[0])])),
    ...homes.map((file) => {
      const stage = stages.find(({ files }) =>
        files.some((glob) => glob === file || (glob.endsWith("**") && file.startsWith(glob.slice(0, -2)))),
      );
      return override([file], [...(stage?.patterns ?? every), libraryPattern(file)]);
    }),
  ];
}

const configFile = fileURLToPath(new URL("../.oxlintrc.json", import.meta.url));
const isBoundary = ({ rules }) => Object.hasOwn(rules, "no-restricted-imports");

/** Whether .oxlintrc.json holds exactly these overrides. */
export function boundariesAreCurrent() {
  const { overrides } = JSON.parse(readFileSync(configFile, "utf8"));
  return isDeepStrictEqual(overrides.filter(isBoundary), boundaryOverrides());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const config = JSON.parse(readFileSync(configFile, "utf8"));
  const others = config.overrides.filter((entry) => !isBoundary(entry));
  const written = { ...config, overrides: [...boundaryOverrides(), ...others] };
  // One line an override: the formatter breaks what is too long.
  const lines = written.overrides.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  writeFileSync(
    configFile,
    `${JSON.stringify({ ...written, overrides: [] }, null, 2).replace('"overrides": []', () => `"overrides": [\n${lines}\n  ]`)}\n`,
  );
}

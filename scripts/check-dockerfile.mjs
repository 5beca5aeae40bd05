// Runs the steps of the Dockerfile in a clean folder and then what compose starts from it: the first start, Redis with what that
// wrote, the gateway as the image's user. What only a container can do (users, the read-only root, networks) is not checked.
//
// usage: node scripts/check-dockerfile.mjs      needs npm's registry, and redis-server for the second half
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentOf, identityOf, inImage, listContext, readStages, runStage } from "./dockerfile-steps.mjs";

const REDIS = "/usr/bin/redis-server";
const REDIS_PORT = 16_399;
const root = fileURLToPath(new URL("..", import.meta.url));
const base = mkdtempSync(join(tmpdir(), "lensgate-image-"));
// The image's user looks in from outside.
chmodSync(base, 0o755);
const children = [];

const log = (what, detail) => console.log(`${what} ${detail}`);
function demand(truth, what) {
  if (!truth) throw new Error(what);
  console.log(`  holds: ${what}`);
}
const settled = (child) => new Promise((resolve) => child.on("exit", (code) => resolve(code)));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function build() {
  const context = listContext(root);
  const stages = new Map();
  let image;
  for (const stage of readStages(join(root, "Dockerfile"))) {
    const folder = join(base, stage.name);
    mkdirSync(join(folder, "tmp"), { recursive: true });
    chmodSync(join(folder, "tmp"), 0o777);
    stages.set(stage.name, folder);
    image = { ...runStage({ stage, folder, context, root, stages, log }), folder };
  }
  return image;
}

/** Words of the image's command line as this machine runs them. */
function commandOf(image, words) {
  const [program, ...rest] = [...image.entrypoint, ...words].map((word) => inImage(word, image.folder));
  const cwd = join(image.folder, image.workdir);
  return { program, rest, options: { cwd, env: environmentOf(image, image.folder), ...identityOf(image) } };
}

/** What compose's first-start does; returns what it printed. */
function firstStart(image) {
  const words = [
    "init",
    "--folder",
    "/config",
    "--redis",
    "/secrets/redis/redis.conf",
    "--grafana",
    "/secrets/grafana/password",
  ];
  const { program, rest, options } = commandOf(image, words);
  const call = () => execFileSync(program, rest, { ...options, encoding: "utf8" });
  const shown = call();
  demand(/API: key lg_/.test(shown) && /user lead, password/.test(shown), "the first start shows a key and a password");
  demand(/nothing is changed/.test(call()), "the second start changes nothing");
  const file = join(image.folder, "config", "gateway.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("/app/", `${image.folder}/app/`));
  return /API: key (\S+)/.exec(shown)[1];
}

async function startRedis(image) {
  const data = join(base, "data");
  mkdirSync(data);
  const written = readFileSync(join(image.folder, "secrets", "redis", "redis.conf"), "utf8");
  const file = join(base, "redis.conf");
  writeFileSync(file, `${written.replace("dir /data", `dir ${data}`)}port ${REDIS_PORT}\n`);
  children.push(spawn(REDIS, [file], { stdio: "ignore" }));
  await pause(1_000);
}

async function serve(image, key) {
  const { program, rest, options } = commandOf(image, image.command);
  const config = join(image.folder, "config");
  const environment = {
    ...options.env,
    LENSGATE_TRACE_KEY_FILE: join(config, "trace.key"),
    LENSGATE_REDIS_PASSWORD_FILE: join(config, "redis.password"),
    LENSGATE_REDIS_URL: `redis://127.0.0.1:${REDIS_PORT}`,
    LENSGATE_PORT: "18080",
    LENSGATE_CONSOLE_PORT: "18081",
  };
  const gateway = spawn(program, rest, { ...options, env: environment, stdio: ["ignore", "inherit", "inherit"] });
  children.push(gateway);
  const health = commandOf({ ...image, entrypoint: [] }, ["node", "deploy/healthy.mjs"]);
  const isHealthy = async () =>
    (await settled(spawn(health.program, health.rest, { ...health.options, env: environment, stdio: "ignore" }))) === 0;
  let healthy = false;
  for (let tries = 0; tries < 120 && !healthy && gateway.exitCode === null; tries += 1) {
    await pause(1_000);
    healthy = await isHealthy();
  }
  demand(healthy, "the health check passes");
  const ask = (headers) =>
    fetch("http://127.0.0.1:18080/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({
        model: "smollm2-135m-instruct",
        messages: [{ role: "user", content: "Tell me about sushi." }],
        max_tokens: 20,
      }),
    });
  demand((await ask({})).status === 401, "without the key nobody is served");
  demand((await ask({ authorization: `Bearer ${key}` })).status === 200, "with the key that was shown a reply comes");
  const metrics = await (
    await fetch("http://127.0.0.1:18081/metrics", { headers: { host: "127.0.0.1:18081" } })
  ).text();
  demand(/oversight_build_info/.test(metrics), "Prometheus is answered");
  gateway.kill("SIGTERM");
  demand((await settled(gateway)) === 0, "SIGTERM ends it in order");
}

try {
  const image = build();
  const key = firstStart(image);
  if (existsSync(REDIS)) {
    await startRedis(image);
    await serve(image, key);
  } else console.log(`not run here: the gateway itself, since ${REDIS} is missing`);
  console.log("every step that can run without a container runs");
} finally {
  for (const child of children) child.kill();
  rmSync(base, { recursive: true, force: true });
}

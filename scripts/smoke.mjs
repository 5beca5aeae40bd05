// Starts the built gateway from this checkout with a fresh state folder, sends real requests, and stops it again.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const state = mkdtempSync(join(tmpdir(), "lensgate-smoke-"));
const gateway = spawn(process.execPath, [join(root, "dist", "cli", "main.js"), "serve"], {
  cwd: root,
  env: { ...process.env, LENSGATE_STATE_DIR: state, LENSGATE_PORT: "0", LENSGATE_CONSOLE_PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
let printed = "";
gateway.stdout.on("data", (chunk) => (printed += chunk));
const exited = new Promise((resolve) => gateway.on("exit", resolve));

let passed = 0;
function expect(truth, what) {
  if (!truth) throw new Error(`smoke: ${what}`);
  passed += 1;
}

async function ready() {
  for (let tries = 0; tries < 600; tries += 1) {
    const urls = printed.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
    if (urls.length >= 2) {
      const answer = await fetch(`${urls[0]}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return [urls[0], urls[1]];
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`smoke: the gateway was never ready:\n${printed}`);
}

try {
  const [api, desk] = await ready();
  const models = await (await fetch(`${api}/v1/models`)).json();
  const model = models.data[0].id;
  const chat = (content, headers = {}, more = {}) =>
    fetch(`${api}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ model, messages: [{ role: "user", content }], max_tokens: 40, temperature: 0, ...more }),
    });

  const whole = await (await chat("What is two plus two?")).json();
  expect(
    ["stop", "length"].includes(whole.choices[0].finish_reason),
    `an ordinary chat completes: ${JSON.stringify(whole)}`,
  );
  const stopped = await (await chat("Tell me about sushi.", { "x-oversight-policy": "demo" })).json();
  expect(stopped.choices[0].finish_reason === "content_filter", `the demo policy stops: ${JSON.stringify(stopped)}`);
  expect(stopped.usage.completion_tokens >= 1, "at least one token was released");
  const stream = await (await chat("Tell me about sushi.", { "x-oversight-policy": "demo" }, { stream: true })).text();
  expect(
    stream.includes('"content_filter"') && stream.trimEnd().endsWith("data: [DONE]"),
    `the stream is stopped: ${stream}`,
  );
  const login = await fetch(`${desk}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "smoke" }),
  });
  const cookie = (login.headers.get("set-cookie") ?? "").split(";")[0];
  expect(login.status === 200 && cookie !== "", "a reviewer logs in");
  const queue = await (await fetch(`${desk}/api/review/items`, { headers: { cookie } })).json();
  // The same question twice is one item that stands for two.
  expect(queue.items.length === 1 && queue.items[0].count === 2, `one item waits: ${JSON.stringify(queue)}`);
  const metrics = await (await fetch(`${desk}/metrics`)).text();
  expect(/^oversight_aborts_total\{[^}]*\} 2$/m.test(metrics), "the metrics count two aborts");
} finally {
  gateway.kill("SIGTERM");
  const code = await exited;
  rmSync(state, { recursive: true, force: true });
  if (code !== 0) {
    console.error(`smoke: the gateway left with code ${code}`);
    process.exitCode = 1;
  }
}
console.log(`smoke: ${passed} checks of the running gateway hold`);

// Compiles src/ to dist/ and copies the files that are served as they stand.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const inRoot = (...parts) => join(root, ...parts);

rmSync(inRoot("dist"), { recursive: true, force: true });
execFileSync(
  process.execPath,
  [inRoot("node_modules", "typescript", "bin", "tsc"), "-p", inRoot("tsconfig.build.json")],
  {
    cwd: root,
    stdio: "inherit",
  },
);
if (existsSync(inRoot("src", "review", "web"))) {
  cpSync(inRoot("src", "review", "web"), inRoot("dist", "review", "web"), { recursive: true });
}
chmodSync(inRoot("dist", "cli", "main.js"), 0o755);

#!/usr/bin/env node
// lensgate with secrets from files: NAME_FILE names the file that holds what NAME would.
import { readFileSync } from "node:fs";

for (const name of ["LENSGATE_TRACE_KEY", "LENSGATE_REDIS_PASSWORD"]) {
  const file = process.env[`${name}_FILE`];
  delete process.env[`${name}_FILE`];
  if (file && !process.env[name]) process.env[name] = readFileSync(file, "utf8").trim();
}
await import("../dist/cli/main.js");

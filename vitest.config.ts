import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/slow/**", "node_modules/**"],
    reporters: ["default", "./test/support/plain-line.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The model tests are bound by memory bandwidth and cores: two files at a time.
    maxWorkers: 2,
    // Browsers and gateways share two cores there: what is late once may be in time, what is broken fails three times.
    retry: process.env["CI"] ? 2 : 0,
  },
});

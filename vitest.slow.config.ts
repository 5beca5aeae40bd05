import { defineConfig } from "vitest/config";

/** What takes minutes: `npm run test:slow`. */
export default defineConfig({
  test: {
    include: ["test/slow/**/*.test.ts"],
    reporters: ["default", "./test/support/plain-line.ts"],
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    // One file at a time: they start gateways, which take all cores.
    fileParallelism: false,
  },
});

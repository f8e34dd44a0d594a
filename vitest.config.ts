import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/fixtures/**", "**/node_modules/**"],
    testTimeout: 20_000,
    reporters: ["default", "./test/support/closing-line.ts"],
  },
});

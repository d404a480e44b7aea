import { defineConfig } from "vitest/config";
import window from "../../e2e/vitest.config";

const longestMs = 20 * 60_000;

export default defineConfig({
  ...window,
  test: {
    ...window.test,
    include: ["bench/window/measure.ts"],
    testTimeout: longestMs,
    hookTimeout: longestMs,
  },
});

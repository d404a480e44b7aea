import { mergeConfig } from "vitest/config";
import window from "../../e2e/vitest.config";

const minutes = 20 * 60_000;

export default mergeConfig(window, {
  test: { include: ["bench/window/measure.ts"], testTimeout: minutes, hookTimeout: minutes },
});

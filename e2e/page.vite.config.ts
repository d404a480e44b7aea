import { defineConfig, mergeConfig } from "vite";
import base from "../vite.config";

/**
 * Builds the window as it is shipped, with the in-memory backend instead of the Rust side. The mode
 * stays "production": Qwik builds something else in any other.
 */
export default defineConfig((environment) =>
  mergeConfig(base(environment), {
    define: { "import.meta.env.VITE_FAKE_BACKEND": "true" },
  }),
);

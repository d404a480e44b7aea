/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Set in the page lane: an in-memory backend answers instead of the Rust side. */
  readonly VITE_FAKE_BACKEND: boolean;
}

interface ImportMeta {
  readonly env: ImportMetaEnv;
}

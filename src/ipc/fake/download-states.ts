import type { DownloadState, ModelStatus } from "../bindings";

/** What is said of a model while its download stands there. */
export const STATUSES: Record<DownloadState, ModelStatus> = {
  queued: "downloading",
  running: "downloading",
  verifying: "downloading",
  waiting: "downloading",
  paused: "downloading",
  failed: "failed",
  done: "downloaded",
  cancelled: "available",
};

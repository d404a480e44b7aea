/** How failures are told: as a toast, or in the place where they happened. */
export { FailureNotice, type FailureNoticeProps, Words } from "./failure-notice";
export { sentence } from "./sentence";
export { showFailure } from "./show-failure";
export { type FailureKind, failureKind, failureKinds, type Severity, type WayOut } from "./table";
export { WayOutButton } from "./way-out";

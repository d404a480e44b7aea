/**
 * Runs as the window shows them: the shared list, the strip at the bottom, what is offered after a
 * crash, and the question before the window closes.
 */
export { CloseDialog } from "./close-dialog";
export { fractionDone, isLimitReached, runKey } from "./live";
export { paceOf, remainingMs, rowsEnded } from "./rates";
export { endFiguresOf, firstFlowOf } from "./remembered";
export { ResumeOffer } from "./resume-offer";
export { RunStrip } from "./run-strip";
export { useRuns } from "./use-runs";

/**
 * Figures of runs of this session that the shared list has no place for: how a provider took
 * requests when a run was first heard of, and the last figures of those that ended. A stored run
 * keeps neither.
 */
import type { RequestFlow, RunProgress } from "~/ipc";
import { runKey } from "./live";

const firstFlows = new Map<string, RequestFlow>();
const ends = new Map<string, RunProgress>();

/** Notes the figures of a live run; its first ones are kept. */
export function rememberProgress(progress: RunProgress): void {
  const key = runKey(progress);
  const { flow = null } = progress;
  if (flow !== null && !firstFlows.has(key)) firstFlows.set(key, flow);
}

/** Notes the last figures of a run; a resumed one begins anew. */
export function rememberEnd(progress: RunProgress): void {
  const key = runKey(progress);
  firstFlows.delete(key);
  ends.set(key, progress);
}

/** What an engine had counted when a run was first heard of: it counts over all its runs. */
export function firstFlowOf(key: string): RequestFlow | null {
  return firstFlows.get(key) ?? null;
}

/** The last figures of a run that ended in this session. */
export function endFiguresOf(key: string): RunProgress | null {
  return ends.get(key) ?? null;
}

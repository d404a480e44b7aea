import { remember, remembered } from "~/state/remembered";

const key = "braincells.sidebar";

/** Whether the person chose the narrow sidebar. */
export function isSidebarNarrow(): boolean {
  return remembered(key) === "narrow";
}

/** Remembers the choice. */
export function rememberSidebar(narrow: boolean): void {
  remember(key, narrow ? "narrow" : "wide");
}

const key = "braincells.sidebar";

/** Whether the person chose the narrow sidebar. */
export function isSidebarNarrow(): boolean {
  try {
    return localStorage.getItem(key) === "narrow";
  } catch {
    return false;
  }
}

/** Remembers the choice; without storage it lasts as long as the window. */
export function rememberSidebar(narrow: boolean): void {
  try {
    localStorage.setItem(key, narrow ? "narrow" : "wide");
  } catch {
    // Nothing to do: the choice holds until the window closes.
  }
}

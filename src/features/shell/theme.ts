import type { Theme } from "~/ipc";
import { remember, remembered } from "~/state/remembered";

const key = "braincells.theme";
const darkQuery = "(prefers-color-scheme: dark)";

/** The look that a setting comes to, given what the system prefers. */
export function resolvedTheme(theme: Theme, systemIsDark: boolean): "light" | "dark" {
  if (theme === "system") return systemIsDark ? "dark" : "light";
  return theme;
}

/** The setting of last time: it is needed before the settings are read, or the window flashes. */
export function rememberedTheme(): Theme {
  const stored = remembered(key);
  return stored === "light" || stored === "dark" ? stored : "system";
}

/**
 * Paints the window in a theme and keeps following the system where that is the setting, until
 * the returned function is called.
 */
export function applyTheme(theme: Theme): () => void {
  const system = window.matchMedia(darkQuery);
  function paint() {
    document.documentElement.dataset.theme = resolvedTheme(theme, system.matches);
  }
  paint();
  remember(key, theme);
  system.addEventListener("change", paint);
  return () => system.removeEventListener("change", paint);
}

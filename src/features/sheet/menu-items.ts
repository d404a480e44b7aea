import { $ } from "@builder.io/qwik";
import { type MenuItem, shortcutText } from "~/ui";
import { perform } from "./actions";
import type { MenuEntry } from "./menus";
import type { SheetTools } from "./tools";

/** The entries as the menus of the kit take them; `testId` is followed by what an entry does. */
export function menuItems(
  tools: SheetTools,
  entries: readonly MenuEntry[],
  testId: string,
): MenuItem[] {
  return entries.map(({ action, shortcut, ...entry }) => ({
    ...entry,
    shortcut: shortcut === undefined ? undefined : shortcutText(shortcut),
    testId: `${testId}-${action.do === "ask" ? action.dialog.kind : action.do}`,
    run$: $(() => perform(tools, action)),
  }));
}

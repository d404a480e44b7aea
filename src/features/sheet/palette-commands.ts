import type { PaletteCommand } from "~/features/shell";
import { perform, type SheetAction } from "./actions";
import { text } from "./strings";
import type { SheetTools } from "./tools";

/** What the command palette can do while a sheet is open. */
export function paletteCommands(tools: SheetTools): PaletteCommand[] {
  const { sheet, ui } = tools;
  const { group, words } = text.palette;
  function command(
    id: string,
    title: string,
    icon: PaletteCommand["icon"],
    action: SheetAction,
    shortcut?: string,
  ): PaletteCommand {
    return {
      id: `sheet-${id}`,
      title,
      group,
      words,
      icon,
      shortcut,
      run: () => perform(tools, action),
    };
  }
  const always = [
    command("find", text.palette.find, "search", { do: "find", withReplace: false }, "Ctrl+F"),
    command("export", text.palette.export, "upload", { do: "ask", dialog: { kind: "export" } }),
    command("recipe", text.palette.recipe, "file", { do: "ask", dialog: { kind: "recipe" } }),
    {
      id: "sheet-filter",
      title: text.palette.filter,
      group,
      words,
      icon: "filter" as const,
      run: () => {
        const column = sheet.selected.column ?? sheet.columns.find((c) => !c.hidden)?.id;
        if (column !== undefined) ui.condition = { index: null, column };
      },
    },
    {
      id: "sheet-sql",
      title: text.palette.sql,
      group,
      words,
      icon: "database" as const,
      run: () => {
        ui.sqlOpen = true;
      },
    },
  ];
  if (sheet.readOnly !== null) return always;
  return [
    command("ai-column", text.palette.aiColumn, "sparkle", { do: "add-ai-column" }),
    command("run-all", text.palette.runAll, "play", { do: "run-all" }),
    sheet.info.local_only === true
      ? command("unlock", text.palette.unlock, "unlock", { do: "lock", locked: false })
      : command("lock", text.palette.lock, "lock", { do: "lock", locked: true }),
    command("undo", text.palette.undo, "undo", { do: "undo" }, "Ctrl+Z"),
    command("redo", text.palette.redo, "redo", { do: "redo" }, "Ctrl+Y"),
    command(
      "replace",
      text.palette.replace,
      "replace",
      { do: "find", withReplace: true },
      "Ctrl+H",
    ),
    ...always,
  ];
}

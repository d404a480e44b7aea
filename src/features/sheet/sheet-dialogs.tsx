import { $, component$ } from "@builder.io/qwik";
import { ExportDialog, RecipeDialog } from "~/features/export";
import { ContextMenu } from "~/ui";
import { menuItems } from "./menu-items";
import { PasteDialog } from "./paste-dialog";
import { RenameDialog } from "./rename-dialog";
import { ReplaceDialog } from "./replace-dialog";
import { RetypeDialog } from "./retype-dialog";
import { SplitDialog } from "./split-dialog";
import { StatsDialog } from "./stats-dialog";
import { columnOf, useSheetTools } from "./tools";

/** What stands above the sheet: its context menu and its dialogs. */
export const SheetDialogs = component$(() => {
  const tools = useSheetTools();
  const { ui } = tools;
  const { menu, dialog } = ui;
  const closeMenu = $(() => {
    ui.menu = null;
  });
  const close = $(() => {
    ui.dialog = null;
  });
  // Kept apart from the store: what Qwik derives from it would be read after it was closed.
  const plan = dialog?.kind === "paste" ? dialog.plan : null;
  const column = dialog && "column" in dialog ? columnOf(tools, dialog.column) : null;
  return (
    <>
      <ContextMenu
        at={menu && { x: menu.x, y: menu.y }}
        label={menu?.label}
        items={menu ? menuItems(tools, [...menu.entries], "menu") : []}
        onClose$={closeMenu}
      />
      {dialog?.kind === "rename" && column && <RenameDialog key={column.id} column={column} />}
      {dialog?.kind === "retype" && column && <RetypeDialog key={column.id} column={column} />}
      {dialog?.kind === "split" && column && <SplitDialog key={column.id} column={column} />}
      {dialog?.kind === "stats" && column && <StatsDialog key={column.id} column={column} />}
      {plan && <PasteDialog plan={plan} />}
      {dialog?.kind === "replace" && <ReplaceDialog />}
      <ExportDialog open={dialog?.kind === "export"} onClose$={close} />
      <RecipeDialog open={dialog?.kind === "recipe"} onClose$={close} />
    </>
  );
});

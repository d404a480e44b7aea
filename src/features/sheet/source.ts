import { type ColumnId, failureOf, ipc, type ViewId, type Window } from "~/ipc";
import { viewId } from "./reading";
import type { SheetTools } from "./tools";
import { reopenView, toastReopened } from "./views";

/**
 * Where the grid reads its rows: the view that is open at that moment, or the sheet in its own
 * order. A view that was closed while it was read is read again through its successor.
 */
export function gridSource(tools: SheetTools): {
  window(columns: ColumnId[], start: number, count: number): Promise<Window>;
} {
  const sheet = tools.sheet.info.id;
  let reopening: Promise<void> | null = null;

  /** Opens a successor once, however many reads found that the view was closed. */
  function reopen(): Promise<void> {
    reopening ??= reopenView(tools).finally(() => {
      reopening = null;
      toastReopened(tools);
    });
    return reopening;
  }

  return {
    async window(columns, start, count) {
      const view = viewId(tools);
      try {
        return await ipc.window(sheet, view, columns, start, count);
      } catch (thrown) {
        if (view === null || failureOf(thrown).code !== "not_found") throw thrown;
        if (tools.ui.work?.left !== false) throw thrown;
        // Eight views fit at a time: another reader of the same sheet may have closed this one.
        if (viewId(tools) === view) {
          if (await isOpen(tools, view)) throw thrown;
          await reopen();
        }
        return await ipc.window(sheet, viewId(tools), columns, start, count);
      }
    },
  };
}

/** Whether a view is there; a column that was just deleted is "not found" too. */
async function isOpen({ sheet }: SheetTools, view: ViewId): Promise<boolean> {
  try {
    await ipc.rowsAt(sheet.info.id, view, 0, 0);
    return true;
  } catch (thrown) {
    if (failureOf(thrown).code === "not_found") return false;
    throw thrown;
  }
}

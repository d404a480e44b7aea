import type { CellState, Column, ColumnId } from "~/ipc";
import { formatPercent } from "~/lib/format";
import { labelsOfColumn } from "~/lib/label-colours";
import type { IconName } from "~/ui";
import type { SheetAction } from "./actions";
import { UNSURE_BELOW } from "./conditions";
import { text } from "./strings";

/** One line of a context menu: what it says and what it does. */
export interface MenuEntry {
  label: string;
  action: SheetAction;
  icon?: IconName;
  shortcut?: string;
  disabled?: boolean;
  danger?: boolean;
  checked?: boolean;
  separatorBefore?: boolean;
}

/** What the entries of a menu depend on. */
export interface MenuScene {
  readOnly: boolean;
  /** Rows in the selection. */
  rows: number;
  cells: number;
  /** Columns in the selection. */
  columns: ColumnId[];
  /** Whether the selection touches an AI column. */
  hasAi: boolean;
  /** The state of the active cell, null in a data column or where it is not known. */
  state: CellState | null;
}

/** The menu of the selected cells. */
export function cellMenu(scene: MenuScene): MenuEntry[] {
  const { readOnly, cells, state } = scene;
  return [
    { label: text.menu.open, icon: "eye", shortcut: "Space", action: { do: "open-cell" } },
    ...aiEntries(scene),
    {
      label: text.menu.cut,
      shortcut: "Ctrl+X",
      action: { do: "cut" },
      disabled: readOnly,
      separatorBefore: true,
    },
    {
      label: text.menu.copy,
      icon: "copy",
      shortcut: "Ctrl+C",
      action: { do: "copy", format: "tsv", header: false },
    },
    {
      label: text.menu.paste,
      shortcut: "Ctrl+V",
      action: { do: "paste-from-clipboard" },
      disabled: readOnly,
    },
    { label: text.menu.copyWithNames, action: { do: "copy", format: "tsv", header: true } },
    { label: text.menu.copyMarkdown, action: { do: "copy", format: "markdown", header: true } },
    { label: text.menu.copyCsv, action: { do: "copy", format: "csv", header: true } },
    { label: text.menu.copyJson, action: { do: "copy", format: "json", header: true } },
    {
      label: text.menu.fillDown,
      shortcut: "Ctrl+D",
      action: { do: "fill-down" },
      disabled: readOnly,
      separatorBefore: true,
    },
    {
      label: text.menu.fillRight,
      shortcut: "Ctrl+R",
      action: { do: "fill-right" },
      disabled: readOnly,
    },
    { label: text.menu.clear, shortcut: "Del", action: { do: "clear" }, disabled: readOnly },
    {
      label: text.menu.filterIs,
      icon: "filter",
      action: { do: "filter-value", negated: false },
      disabled: cells > 1 || state === "running",
      separatorBefore: true,
    },
    {
      label: text.menu.filterIsNot,
      action: { do: "filter-value", negated: true },
      disabled: cells > 1 || state === "running",
    },
    ...rowEntries(scene, false),
  ];
}

function aiEntries({ hasAi, readOnly, cells, state }: MenuScene): MenuEntry[] {
  if (!hasAi) return [];
  const single = cells === 1;
  const again: MenuEntry = {
    label: text.menu.generateFresh,
    icon: "retry",
    action: { do: "generate", fresh: true },
    disabled: readOnly,
  };
  const entries: MenuEntry[] =
    single && state === "done"
      ? [{ ...again, shortcut: "Ctrl+Enter", separatorBefore: true }]
      : [
          {
            label: single ? text.menu.generate : text.menu.generateSelected,
            icon: "sparkle",
            shortcut: "Ctrl+Enter",
            action: { do: "generate", fresh: false },
            disabled: readOnly,
            separatorBefore: true,
          },
          again,
        ];
  if (!single || state === "failed") {
    entries.push({
      label: text.menu.retry,
      icon: "retry",
      action: { do: "retry" },
      disabled: readOnly,
    });
  }
  entries.push({
    label: text.menu.approve,
    icon: "thumbs-up",
    shortcut: "Ctrl+Shift+U",
    action: { do: "validate" },
    disabled: readOnly || (single && (state === null || state === "empty" || state === "failed")),
  });
  return entries;
}

/** The menu of the selected rows. */
export function rowMenu(scene: MenuScene): MenuEntry[] {
  return [
    ...rowEntries(scene, true),
    {
      label: text.menu.copy,
      icon: "copy",
      shortcut: "Ctrl+C",
      action: { do: "copy", format: "tsv", header: false },
      separatorBefore: true,
    },
    { label: text.menu.copyWithNames, action: { do: "copy", format: "tsv", header: true } },
    ...aiEntries(scene),
  ];
}

function rowEntries({ readOnly, rows }: MenuScene, isFirst: boolean): MenuEntry[] {
  const count = Math.max(1, rows);
  return [
    {
      label: text.menu.insertAbove(count),
      icon: "rows",
      action: { do: "insert-rows", place: "above", count },
      disabled: readOnly,
      separatorBefore: !isFirst,
    },
    {
      label: text.menu.insertBelow(count),
      action: { do: "insert-rows", place: "below", count },
      disabled: readOnly,
    },
    {
      label: text.menu.deleteRows(count),
      icon: "trash",
      action: { do: "delete-rows" },
      danger: true,
      disabled: readOnly || rows === 0,
    },
  ];
}

/** What the menu of a column depends on beside the scene. */
export interface ColumnScene {
  column: Column;
  isFrozen: boolean;
  /** Whether the rows are sorted by another column. */
  othersSorted: boolean;
  canMoveLeft: boolean;
  canMoveRight: boolean;
  /** Whether a run of the column is alive. */
  isLive: boolean;
  /** The columns that deleting would take: the selected ones if this is among them. */
  deletes: ColumnId[];
}

/** The menu of a column's header. */
export function columnMenu(scene: MenuScene, at: ColumnScene): MenuEntry[] {
  const { readOnly } = scene;
  const { column } = at;
  const id = column.id;
  const isAi = column.kind.kind === "ai";
  const ai: MenuEntry[] = isAi
    ? [
        {
          label: text.menu.runPending,
          icon: "play",
          action: { do: "run-column", column: id, scope: "pending" },
          disabled: readOnly || at.isLive,
          separatorBefore: true,
        },
        {
          label: text.menu.runFailed,
          icon: "retry",
          action: { do: "run-column", column: id, scope: "failed" },
          disabled: readOnly || at.isLive,
        },
        {
          label: text.menu.stopRuns,
          icon: "stop",
          action: { do: "stop-runs", column: id },
          disabled: !at.isLive,
        },
      ]
    : [];
  const aiSort: MenuEntry[] = isAi
    ? [
        {
          label: text.menu.sortUnsure,
          action: { do: "sort-by", key: { column: id, by: "confidence" }, add: false },
        },
        {
          label: text.menu.sortState,
          action: { do: "sort-by", key: { column: id, by: "state" }, add: false },
        },
      ]
    : [];
  return [
    {
      label: isAi ? text.menu.inspectAi : text.menu.inspectData,
      icon: isAi ? "sparkle" : "info",
      action: { do: "inspect", column: id },
    },
    ...ai,
    {
      label: text.menu.rename,
      icon: "pencil",
      action: { do: "ask", dialog: { kind: "rename", column: id } },
      disabled: readOnly,
      separatorBefore: true,
    },
    {
      label: text.menu.retype,
      action: { do: "ask", dialog: { kind: "retype", column: id } },
      disabled: readOnly || isAi,
    },
    ...(column.value_type === "nested" && labelsOfColumn(column) === null
      ? [
          {
            label: text.menu.split,
            icon: "columns" as const,
            action: { do: "ask", dialog: { kind: "split", column: id } } as const,
            disabled: readOnly,
          },
        ]
      : []),
    {
      label: text.menu.sortUp,
      icon: "sort-asc",
      action: { do: "sort-by", key: { column: id, descending: false }, add: false },
      separatorBefore: true,
    },
    {
      label: text.menu.sortDown,
      icon: "sort-desc",
      action: { do: "sort-by", key: { column: id, descending: true }, add: false },
    },
    ...(at.othersSorted
      ? [
          {
            label: text.menu.sortUpToo,
            action: { do: "sort-by", key: { column: id, descending: false }, add: true } as const,
          },
          {
            label: text.menu.sortDownToo,
            action: { do: "sort-by", key: { column: id, descending: true }, add: true } as const,
          },
        ]
      : []),
    ...aiSort,
    {
      label: text.menu.filterColumn,
      icon: "filter",
      action: { do: "edit-condition", index: null, column: id },
    },
    ...(isAi
      ? [
          {
            label: text.menu.filterUnsure(formatPercent(UNSURE_BELOW)),
            action: { do: "filter-unsure", column: id } as const,
          },
        ]
      : []),
    {
      label: text.menu.stats,
      icon: "chart",
      action: { do: "ask", dialog: { kind: "stats", column: id } },
    },
    {
      label: at.isFrozen ? text.menu.unfreeze : text.menu.freeze,
      icon: "pin",
      action: { do: "freeze", column: id, frozen: !at.isFrozen },
      separatorBefore: true,
    },
    {
      label: text.menu.moveLeft,
      action: { do: "move-by-one", column: id, step: -1 },
      disabled: readOnly || !at.canMoveLeft,
    },
    {
      label: text.menu.moveRight,
      action: { do: "move-by-one", column: id, step: 1 },
      disabled: readOnly || !at.canMoveRight,
    },
    { label: text.menu.autofit, action: { do: "autofit", column: id }, disabled: readOnly },
    {
      label: text.menu.hide,
      icon: "eye-off",
      action: { do: "hide", column: id, hidden: true },
      disabled: readOnly,
    },
    { label: text.menu.duplicate, action: { do: "duplicate", column: id }, disabled: readOnly },
    {
      label: text.menu.deleteColumns(at.deletes.length),
      icon: "trash",
      action: { do: "delete-columns", columns: at.deletes },
      danger: true,
      disabled: readOnly,
      separatorBefore: true,
    },
  ];
}

import { formatCount } from "~/lib/format";

function counted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** All that the home screen says. */
export const text = {
  title: "Sheets",
  import: "Import…",
  importFolder: "Import a folder…",
  newSheet: "New sheet",
  paste: "Paste a table…",
  example: "Start from the example",
  more: "More ways to begin",
  newSheetName: "Untitled sheet",

  dropHint: "Drop files or a folder anywhere in this window",
  formats: "CSV, TSV, Excel, Parquet, JSON, Arrow, OpenDocument",

  search: "Search sheets",
  searchPlaceholder: "Search sheets",
  noMatch: (search: string) => `No sheet is called “${search}”`,
  clearSearch: "Clear the search",
  sort: "Sort by",
  sorts: { recent: "Last changed", name: "Name", size: "Size" },
  listLabel: "Sheets",
  count: (count: number) => counted(count, "sheet", "sheets"),
  showMore: (count: number) => `Show ${formatCount(count)} more`,
  columnName: "Name",
  columnSize: "Size",
  columnChanged: "Changed",

  size: (rows: number, columns: number) =>
    `${counted(rows, "row", "rows")} × ${counted(columns, "column", "columns")}`,
  empty: "Empty",
  menuFor: (name: string) => `Actions for ${name}`,
  open: "Open",
  rename: "Rename",
  renameLabel: (name: string) => `New name of ${name}`,
  duplicate: "Duplicate",
  delete: "Delete",
  deleted: (name: string) => `${name} is in the trash`,
  undo: "Undo",
  restored: (name: string) => `${name} is back`,
  duplicated: (name: string) => `${name} was made`,

  filling: (column: string) => `Filling ${column}`,
  fillingSeveral: (count: number) => `Filling ${counted(count, "column", "columns")}`,
  paused: "Paused",
  waiting: "Waiting",
  progress: (done: number, total: number) => `${formatCount(done)} of ${formatCount(total)}`,
  unfinished: "Unfinished run",
  unfinishedHint: "A run was left unfinished; open the sheet to go on",

  loading: "Reading your sheets",
  retry: "Try again",

  welcome: "Fill the columns of a table with a language model on your own computer",
  welcomePrivate: "Nothing leaves this computer: the tables and the model stay here",
  welcomeImport: "Import a table",
  welcomeImportBody: "A file you have, or drop it here",
  welcomeExample: "Start from the example",
  welcomeExampleBody: "A small table with columns that are ready to be filled",
  welcomePaste: "Paste a table",
  welcomePasteBody: "From a spreadsheet or a web page",
  welcomeNew: "New sheet",
  welcomeNewBody: "Empty, to type in",

  trash: "Trash",
  trashNote: "Sheets go for good after 30 days here",
  deletedWhen: (when: string) => `Deleted ${when}`,
  restore: "Restore",
  deleteForGood: "Delete for good",
  deleteForGoodTitle: (name: string) => `Delete ${name} for good?`,
  deleteForGoodBody: "Its rows, columns and history go. This cannot be undone.",
  emptyTrash: "Empty trash…",
  emptyTrashConfirm: "Empty trash",
  emptyTrashTitle: (count: number) => `Delete ${counted(count, "sheet", "sheets")} for good?`,
  emptyTrashBody: "Their rows, columns and history go. This cannot be undone.",
  emptied: (count: number) => `${counted(count, "sheet", "sheets")} deleted for good`,

  pasteTitle: "Paste a table",
  pasteLabel: "Table",
  pasteHint: (keys: string) =>
    `Copy cells in a spreadsheet, or a table on a web page, and press ${keys} here`,
  pastePlaceholder: "name\tcity\nAda\tLondon",
  continue: "Continue",
  cancel: "Cancel",
} as const;

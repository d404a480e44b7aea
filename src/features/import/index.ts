/** Bringing tables in: files that were dropped, picked or named at the start, and pasted text. */
export {
  extensionOf,
  type FormatFacts,
  fileName,
  formatExtension,
  formatFromPath,
  formatLabel,
  formats,
} from "./formats";
export { ImportDialog } from "./import-dialog";
export { pickAndImport, pickFolderAndImport } from "./import-state";
export { shownText } from "./shown-text";
export { newTask, pastedTable, stopTask } from "./source";

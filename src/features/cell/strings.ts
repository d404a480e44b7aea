import type { CellState } from "~/ipc";
import { formatBytes, formatCount, formatDuration, formatPercent } from "~/lib/format";
import type { ViewKind } from "./content";

const states: Record<CellState, string> = {
  empty: "Empty",
  queued: "Queued",
  running: "Running",
  done: "Done",
  failed: "Failed",
  edited: "Edited",
  validated: "Approved",
  stale: "Stale",
};

const views: Record<ViewKind, string> = {
  text: "Text",
  markdown: "Markdown",
  json: "JSON",
  code: "Code",
  html: "HTML",
  image: "Image",
};

/** What this feature says. */
export const text = {
  region: (column: string) => `Cell of ${column}`,
  row: (position: number) => `Row ${formatCount(position + 1)}`,
  rowNotShown: "Not in this view",
  previousRow: "Previous row (Alt+↑)",
  nextRow: "Next row (Alt+↓)",
  close: "Close (Esc)",
  resize: "Width of the cell panel",
  tabs: "Parts of the cell panel",
  value: "Value",
  history: "History",
  prompt: "Prompt",
  loading: "Reading the cell",
  gone: "This row is no longer there",

  state: (state: CellState) => states[state],
  stale:
    "One of the cells that it was made from changed since. Generate it again to bring it up to date",
  confidence: (share: number) => `${formatPercent(share)} sure`,
  confidenceHint: "How probable this answer was among those allowed, by the model's own figures",
  cutOff: "Cut off by the token limit",
  characters: (count: number) =>
    count < 100_000 ? `${formatCount(count)} characters` : `${formatBytes(count)} of text`,

  view: "Show as",
  views: (view: ViewKind) => views[view],
  empty: "Empty",
  emptyText: "An empty text",
  running: "Generating…",
  queued: "Waiting for its turn",
  showMore: (left: number) => `Show more (${formatCount(left)} characters left)`,
  moreEntries: (left: number) => `Show more (${formatCount(left)} left)`,
  tooManyLines: "There is more than can be shown here. Fold something, or look at it as text",
  fold: "Fold",
  unfold: "Unfold",
  entries: (count: number) => (count === 1 ? "1 entry" : `${formatCount(count)} entries`),
  done: "done",
  toDo: "to do",
  imageBroken: "This image cannot be read",
  imageAlt: "Image in the cell",
  imageSize: (widthPx: number, heightPx: number) => `${widthPx} × ${heightPx}`,
  imageNotLoaded: (description: string) => (description ? `Image: ${description}` : "Image"),
  imageNotLoadedHint: (url: string) => `Not loaded: ${url}`,
  htmlTitle: "The cell as a page",
  htmlNote: "Shown without scripts, links and anything from the network",
  htmlTooLong: "This page is too long to be shown. Its text is below",

  linkTitle: "Open this link?",
  linkBody: (url: string) => `It leaves Braincells and opens in your browser:\n\n${url}`,
  linkOpen: "Open",

  edit: "Edit",
  editHint: "Edit (F2)",
  editing: (column: string) => `Value of ${column}`,
  tooLongToEdit: "This text is too long to be edited here. Find and replace can change it",
  save: "Save",
  cancel: "Cancel",
  unsaved: "Save or cancel your change first",
  notJson: "This is not valid JSON",
  tooManyDigits:
    "A whole number here has more digits than can be kept. Write it as text, in quotes",
  copy: "Copy",
  copied: "Copied",
  approve: "Approve",
  approved: "Approved",
  approveHint: "Approve: no run overwrites it, and it serves as an example",
  clear: "Clear",
  generate: "Generate",
  generateAgain: "Generate again",
  generateHint: "Asks the model anew for this cell",
  generateKept: "A run never overwrites what a person wrote or approved. Clear the cell first",

  labels: "How sure the model is",
  noLabels: "None of the labels",
  label: "Label",
  raw: "As the model says",
  calibrated: "Calibrated",
  share: (label: string, share: number) => `${label}: ${formatPercent(share)}`,
  isValue: "the value of this cell",
  overturned: "The calibration chose another label than the model alone",
  moreLabels: (count: number) =>
    count === 1 ? "Show 1 more label" : `Show ${formatCount(count)} more labels`,

  chooseModel: "Choose a model",

  thinking: "How the model thought about it",
  historyEmpty: "Nothing happened to this cell yet",
  now: "Now",
  undone: "Undone",
  cleared: "Cleared",
  noValue: "No value",
  becameStale: "An input changed",
  goBack: "Go back to this",
  goBackTo: (when: string) => `Go back to this, of ${when}`,
  recipe: (version: number) => `recipe ${formatCount(version)}`,
  tokens: (prompt: number, completion: number) =>
    `${formatCount(prompt)} + ${formatCount(completion)} tokens`,
  tokensHint: "Tokens of the prompt and of the answer",
  costHint: "By what the backend says, or by its prices",
  took: (ms: number) => formatDuration(ms),
  cached: "kept answer",
  cachedHint: "Taken from an earlier identical request, without asking the model",
  original: "From before the first change",

  promptOf: "Answer",
  promptNone: "No model was asked for this cell yet",
  promptNoneHint: "When the model fills this cell, the exact messages it was given are shown here",
  promptPartial:
    "More was said that is not kept, such as the list of earlier items or a second attempt",
  copyPrompt: "Copy all",
  roles: { system: "System", user: "User", assistant: "Assistant" },
} as const;

import { counted, formatCount } from "~/lib/format";

/** All that export and recipes say. */
export const text = {
  title: "Export",
  format: "Format",
  formatHints: {
    csv: "Opens everywhere; types are found again when it is read",
    tsv: "Like CSV, with tabs between values",
    xlsx: "For Excel, LibreOffice and Numbers; keeps numbers, dates and true or false",
    parquet: "Keeps every type exactly; for pandas, DuckDB, Spark and the like",
    jsonl: "One JSON object a line; for training and scripts",
    json: "One JSON array of objects",
    arrow: "Keeps every type exactly; opens without parsing",
    xls: "",
    ods: "",
  },
  rows: "Rows",
  rowsAll: "Whole sheet",
  rowsView: "As filtered and sorted",
  rowsSelected: "Selected rows",
  rowCount: (count: number) => counted(count, "row", "rows"),
  viewMissing: "The sheet is neither filtered nor sorted",
  selectionMissing: "Nothing is selected",
  selectionSeveral: "Select one block of rows",

  columns: "Columns",
  columnsChosen: (chosen: number, all: number) =>
    chosen === all ? `All ${formatCount(all)}` : `${formatCount(chosen)} of ${formatCount(all)}`,
  columnsAll: "All",
  columnsNone: "None",
  columnsShown: "Without hidden",
  columnsSearch: "Search columns",
  columnsNoMatch: "No column is called so",
  hidden: "hidden",

  neutralise: "Protect from formulas",
  neutraliseText:
    "Text that begins like a formula (=, +, -, @) gets an apostrophe in front, so that no spreadsheet runs it. Braincells takes it back when it reads the file",
  neutraliseWorkbook:
    "Text is never run as a formula in a workbook; this also marks it, so that editing it does not make it one",

  noColumns: "Choose at least one column",
  tooManyRows: (most: number) =>
    `A workbook holds ${formatCount(most)} rows; choose another format or fewer rows`,
  tooManyColumns: (most: number) =>
    `A workbook holds ${formatCount(most)} columns; choose another format or fewer columns`,
  wrongEnding: (ending: string, format: string) =>
    `The name ends in .${ending}, but the format is ${format}`,
  wrongEndingHint: "Choose another name, or another format above",
  stillFilling: "Cells are being filled now; the file gets what is there at this moment",

  export: "Export…",
  exporting: (rows: number) => `Writing ${counted(rows, "row", "rows")}`,
  cancel: "Cancel",
  stop: "Stop",
  stopping: "Stopping…",
  exported: (rows: number, name: string) => `${counted(rows, "row", "rows")} written to ${name}`,
  showInFolder: "Show in folder",
} as const;

/** All that the recipe dialog says. */
export const recipeText = {
  title: "Recipes",
  tabs: "Recipes",
  tabExport: "Save as a recipe",
  tabImport: "Use a recipe",
  what: "A recipe is a file that says how AI columns are made: prompt, model, kind of answer. It can be used on another sheet, and by AI Sheets",

  noAiColumns: "This sheet has no AI columns",
  noAiColumnsBody: "Add one, or use a recipe that makes some",
  columns: "AI columns",
  examples: "Include examples",
  examplesHint: "Approved and edited rows that the model is shown. They are rows of your sheet",
  preview: "The file",
  previewLabel: "Text of the recipe file",
  loading: "Writing the recipe",
  chooseOne: "Choose at least one column",
  copy: "Copy",
  copied: "The recipe is on the clipboard",
  save: "Save…",
  saved: (name: string) => `The recipe is in ${name}`,
  fileEnd: "recipe",

  choose: "Choose a recipe file…",
  chooseOther: "Choose another…",
  chooseTitle: "Use a recipe on this sheet",
  chooseBody: "See what it would do before it does anything",
  readOnly: "This sheet is open elsewhere and can only be read",
  checking: "Reading the recipe",
  does: (count: number) => `It adds ${counted(count, "column", "columns")}`,
  nothing: "It makes no columns",
  missing: "Columns that it needs",
  missingHint: "The recipe names columns that this sheet does not have. Choose which to use",
  missingChoose: "Choose a column",
  missingLabel: (name: string) => `“${name}” is`,
  taken: "Names that are taken",
  takenLabel: (name: string) => `New name for “${name}”`,
  takenError: "Another column is called so",
  model: "Model",
  modelRecipe: "As the recipe says",
  modelDefault: "Default model",
  reads: (names: string) => `Reads ${names}`,
  outputs: {
    text: "Text",
    integer: "Whole number",
    number: "Number",
    boolean: "Yes or no",
    date: "Date",
    json: "JSON",
  },
  labels: (labels: string) => `One of: ${labels}`,
  someLabels: (labels: string) => `Any of: ${labels}`,
  between: (type: string, least: string, greatest: string) =>
    `${type} from ${least} to ${greatest}`,
  atLeast: (type: string, least: string) => `${type} from ${least}`,
  atMost: (type: string, greatest: string) => `${type} up to ${greatest}`,
  showPrompt: "Show the whole prompt",
  hidePrompt: "Show less",
  add: (count: number) => (count === 0 ? "Add" : `Add ${counted(count, "column", "columns")}`),
  added: (count: number) => `${counted(count, "column", "columns")} added`,
  addedHint: "Nothing is filled until you run them",
  close: "Close",
} as const;

import type { CalibrationMode, DataType, RunStatus } from "~/ipc";
import { formatCount } from "~/lib/format";
import type { Expected } from "./json-problem";
import type { NumberProblem } from "./number-limits";
import type { FieldKind } from "./schema";

/** `1 row`, `2 rows`. */
function counted(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function rows(count: number): string {
  return counted(count, "row", "rows");
}

function cells(count: number): string {
  return counted(count, "cell", "cells");
}

const dataTypes: Record<DataType, string> = {
  text: "Text",
  integer: "Whole number",
  number: "Number",
  boolean: "Yes or no",
  date: "Date",
  timestamp: "Date and time",
  json: "JSON",
};

const fieldKinds: Record<FieldKind, string> = {
  text: "Text",
  number: "Number",
  integer: "Whole number",
  boolean: "Yes or no",
  date: "Date",
  choice: "One of…",
  object: "Object",
};

const runStatus: Record<RunStatus, string> = {
  queued: "Queued",
  running: "Running",
  paused: "Paused",
  interrupted: "Interrupted",
  cancelled: "Stopped",
  done: "Done",
  failed: "Failed",
};

/** Every text that the inspector shows. */
export const text = {
  separator: " · ",
  rows,

  frame: {
    label: (name: string) => `Column ${name}`,
    newTitle: "New AI column",
    close: "Close the column panel",
    resize: "Width of the column panel",
    rename: "Column name",
    unsaved: "Unsaved",
    unsavedHint: "These changes are kept while the window is open, and used once they are saved",
    discard: "Discard changes",
    gone: "This column is not in the sheet any more",
    readOnly: "This sheet is open read-only: nothing can be changed or run here",
  },

  tabs: {
    label: "Parts of the AI column",
    prompt: "Prompt",
    model: "Model",
    examples: "Examples",
    runs: "Runs",
    final: "Final prompt",
  },

  data: {
    type: "Type",
    types: dataTypes,
    otherType: (sqlType: string) => `${sqlType} (as imported)`,
    retyping: "Changing the type…",
    loseTitle: "Some values do not fit",
    loseBody: (message: string) => `${message}\n\nThese values become empty. You can undo this.`,
    loseConfirm: "Change and empty them",
    lost: (count: number) => `${counted(count, "value", "values")} became empty`,
    figures: "Figures",
    figuresFailed: "The figures of this column could not be read",
    again: "Try again",
    allRows: "All rows",
    filteredRows: "Filtered rows",
    about: "Figures are about",
    rows: "Rows",
    empty: "Empty",
    distinct: "Distinct values",
    least: "Minimum",
    greatest: "Maximum",
    mean: "Mean",
    median: "Median",
    sum: "Sum",
    deviation: "Standard deviation",
    lengths: "Length in characters",
    lengthRange: (least: string, mean: string, greatest: string) =>
      `${least} to ${greatest}, ${mean} on average`,
    top: "Most frequent values",
    topShare: (value: string, count: string, share: string) => `${value}: ${count}, ${share}`,
    spread: "How the values are spread",
    spreadBin: (from: string, to: string, count: string) => `${from} to ${to}: ${count}`,
    nothing: "Every cell of this column is empty",
    useInAi: "Fill a new column from this one…",
  },

  column: {
    name: "Column name",
    namePlaceholder: "Such as Summary",
    nameBlank: "Give the column a name",
    nameUnusable: "A name has no {{ or }} in it, and no spaces around it",
    nameTaken: "Another column of this sheet has this name",
  },

  actions: {
    label: "Start from",
    about: "About column",
    noColumn: "No column (write new entries)",
    replaced: "Your prompt was replaced",
    undo: "Undo",
    summarise: {
      label: "Summarise",
      columnName: "Summary",
      instruction: "Summarise this in one short sentence.",
    },
    classify: {
      label: "Classify",
      columnName: "Category",
      instruction: "Which category fits this best?",
      labels: ["question", "complaint", "praise", "other"],
    },
    sentiment: {
      label: "Sentiment",
      columnName: "Sentiment",
      instruction: "What is the sentiment of this?",
      labels: ["positive", "neutral", "negative"],
    },
    extract: {
      label: "Extract",
      columnName: "Details",
      instruction: "Extract these details. Leave out what is not there.",
      fields: { name: "The person or company that this is about" },
    },
    keywords: {
      label: "Keywords",
      columnName: "Keywords",
      instruction: "List the three most important keywords of this, separated by commas.",
    },
    translate: {
      label: "Translate",
      columnName: "Translation",
      instruction: "Translate this into English.",
    },
    rewrite: {
      label: "Rewrite",
      columnName: "Rewritten",
      instruction: "Rewrite this so that it is clear, polite and free of mistakes.",
    },
    answer: {
      label: "Yes or no",
      columnName: "Needs a reply",
      instruction: "Does this need a reply?",
    },
    score: {
      label: "Score",
      columnName: "Score",
      instruction: "How urgent is this, from 1 (it can wait) to 5 (now)?",
    },
    custom: { label: "Custom", columnName: "Answer" },
  },

  prompt: {
    label: "Prompt",
    placeholder: "Say what each cell should be. Type {{ to put a column in",
    noReferences:
      "This prompt reads no column: every row gets a new entry, different from the others",
    insert: "Insert column",
    completion: "Columns",
    noMatch: "No column is called like this",
    blank: "Say what each cell should be",
    unclosed: (line: number) => `Line ${line}: {{ is never closed by }}`,
    empty: (line: number) => `Line ${line}: {{ }} names no column`,
    unknown: (name: string) => `There is no column “${name}”`,
    itself: (name: string) => `“${name}” is this column, and a column cannot read itself`,
    meant: (name: string) => `Use ${name}`,
  },

  output: {
    label: "Each cell is",
    types: {
      text: "Text",
      label: "Label",
      number: "Number",
      boolean: "Yes or no",
      date: "Date",
      json: "JSON",
    },
    hints: {
      text: "Free text",
      label: "Exactly one of the labels below",
      labels: "Any number of the labels below, or none of them",
      number: "One number",
      boolean: "true or false",
      date: "A calendar date such as 2026-03-31",
      json: "An object with the fields below, in their order. An answer that does not fit fails",
    },
    labels: "Labels",
    multi: "Several labels in one cell",
    multiHint: "A cell holds any number of them, in the order of this list, or none",
    newLabel: "New label",
    newLabelPlaceholder: "Add a label, or paste many",
    addLabel: "Add label",
    pasteHint: "One a line, or separated by commas",
    labelNumber: (position: number) => `Label ${position}`,
    labelUp: (label: string) => `Move ${label} up`,
    labelDown: (label: string) => `Move ${label} down`,
    labelRemove: (label: string) => `Remove ${label}`,
    clearLabels: "Remove all",
    tooFew: "A label column needs at least two labels",
    emptyLabel: (position: number) => `Label ${position} is empty`,
    repeatedLabel: (label: string) => `“${label}” is there twice`,
    manyLabels: (count: number) => `${formatCount(count)} labels`,
  },

  calibration: {
    label: "Calibration",
    modes: { none: "Off", prior: "By prior", batch: "By rows" } satisfies Record<
      CalibrationMode,
      string
    >,
    hints: {
      none: "Each cell is the label that the model holds for the likeliest, also where it likes one of them before it has read anything",
      prior:
        "Takes back how much the model likes each label before it has read a row, as texts that name a label show at the start of a run. Cells that you approve or correct refine it",
      batch:
        "Takes back how much the model likes each label on average over all rows. Right only where all labels are about as frequent: a rare label gets too many cells",
    } satisfies Record<CalibrationMode, string>,
    done: (count: number, changed: number) =>
      changed === 0
        ? `${cells(count)} computed anew; every label stays`
        : `${cells(count)} computed anew; ${formatCount(changed)} ${changed === 1 ? "has" : "have"} another label now`,
    unscored: (count: number) => `${cells(count)} stay: no scores are kept for them`,
    saved: "Saved for the next run",
    withoutPrior: (count: number) =>
      `${cells(count)} stay until the next run: nothing was measured for their prompt`,
    stay: (why: string) => `Saved for the next run. The cells stay as they are: ${why}`,
  },

  labelFigures: {
    title: "Labels in figures",
    failed: "The figures of the labels could not be read",
    empty: "No cell was made yet",
    unscored: (count: number) =>
      `No scores are kept for ${cells(count)}: an older version made them, or a model that gives none, such as one that thinks first`,
    counts: "How often each label is in the column",
    label: "Label",
    raw: "Model",
    calibrated: "Calibrated",
    liking: "Bias",
    likingHint:
      "By what factor the calibration divides this label's share, because the model holds it too likely",
    more: (factor: string) => `×${factor}`,
    less: (factor: string) => `÷${factor}`,
    fair: "as it is",
    none: "No calibration is in use",
    ofInputs: (inputs: number) =>
      `The bias was found by ${counted(inputs, "text", "texts")} that name a label`,
    ofInputsAndCells: (inputs: number, checked: number) =>
      `The bias was found by ${counted(inputs, "text", "texts")} that name a label, and refined by ${cells(checked)} that you approved or corrected`,
    ofRows: (count: number) => `The bias is the mean over ${rows(count)}`,
    leadIn: (words: string) => `Labels are scored behind “${words} …”`,
    leadInHint:
      "What the model writes by itself before it names a label: there it has made up its mind. Found by letting it write freely for a few rows",
    unchecked: "Approve or correct some cells to see how often the labels are right",
    checked: (count: number) => `Measured by ${cells(count)} that you approved or corrected`,
    accuracy: "Right",
    error: "Calibration error",
    errorHint: "How far confidence and the share of right labels are apart, on average; 0% is best",
    reliability: "Is it right as often as it is sure?",
    confidence: "Confidence",
    cells: "Cells",
    sure: "Sure",
    range: (from: string, to: string) => `${from} to ${to}`,
  },

  number: {
    integer: "Whole numbers only",
    min: "Least",
    max: "Greatest",
    any: "Any",
    problems: {
      order: "The least is above the greatest",
      none: "There is no whole number between the least and the greatest",
      precise: "Limits of whole numbers reach from −9,007,199,254,740,991 to 9,007,199,254,740,991",
    } satisfies Record<NumberProblem, string>,
  },

  schema: {
    view: "Edit as",
    fields: "Fields",
    raw: "JSON Schema",
    rawLabel: "JSON Schema",
    rawOnly: "This schema is edited as text",
    rawBroken: "Correct the schema first, to see its fields",
    raws: {
      not_object: (place: string) =>
        place === ""
          ? "The list of fields shows objects only, and this schema is not one"
          : `“${place}” is not a field that the list can show`,
      keyword: (place: string, keyword: string) =>
        place === ""
          ? `The list of fields has no word for “${keyword}”`
          : `The list of fields has no word for “${keyword}” of “${place}”`,
      type: (place: string, type: string) =>
        type === "null"
          ? `“${place}” has no type`
          : `The list of fields has no word for the type ${type} of “${place}”`,
      choices: (place: string) => `“${place}” is one of values that are not all texts`,
      open: (place: string) =>
        place === ""
          ? "It allows other fields than those that it names"
          : `“${place}” allows other fields than those that it names`,
      name: (place: string) =>
        place === "" ? "A field has no name" : `The name of “${place}” has a space at an end`,
      required: (place: string) =>
        place === ""
          ? "It requires a field that it does not name"
          : `“${place}” requires a field that it does not name`,
    },
    fieldName: "Name of the field",
    fieldKind: "Type of the field",
    fieldKinds,
    required: "Required",
    isList: "List",
    isListHint: "A list of such values instead of one",
    description: "Description",
    descriptionPlaceholder: "Description for the model",
    choices: "Allowed texts",
    newChoice: "New allowed text",
    newChoicePlaceholder: "Add a text, or paste many",
    removeChoice: (choice: string) => `Remove ${choice}`,
    fieldNumber: (place: string) => `Field ${place}`,
    addField: "Add field",
    addFieldTo: (name: string) => `Add field to ${name}`,
    removeField: (name: string) => `Remove field ${name}`,
    fieldUp: (name: string) => `Move field ${name} up`,
    fieldDown: (name: string) => `Move field ${name} down`,
    none: "Add at least one field",
    noneIn: (name: string) => `“${name}” has no fields; add at least one`,
    nameless: "This field has no name",
    numeric: (name: string) =>
      `“${name}” is a number: such fields would all come first, whatever their order`,
    repeated: (name: string) => `Two fields are called “${name}”`,
    choiceless: (name: string) => `List the texts that “${name}” may be`,
    syntax: (line: number, column: number, expected: string) =>
      `Line ${line}, column ${column}: ${expected}`,
    expected: {
      value: "a value is expected here",
      name: "a name in double quotes is expected here",
      colon: "a colon is missing",
      comma_or_brace: "a comma or } is missing",
      comma_or_bracket: "a comma or ] is missing",
      quote: "the text is not closed by a double quote",
      escape: "this escape is not one of JSON",
      digit: "a digit is missing",
      end: "the schema ends before this",
      less_depth: "this is nested too deeply",
    } satisfies Record<Expected, string>,
    goTo: "Show the place",
    shape: "A JSON Schema is an object",
    shapeType: (place: string, type: string) =>
      place === ""
        ? `JSON Schema has no type ${type}`
        : `“${place}”: JSON Schema has no type ${type}`,
  },

  system: {
    title: "System message",
    label: "System message",
    hint: "Replaces the built-in instructions for all rows. What an answer must look like is always added",
    placeholder:
      "Built-in: fill in one column of a table, one row at a time, only from what the row contains",
    own: "Own text",
    builtIn: "Built-in",
  },

  model: {
    label: "Model",
    onThisComputer: "Runs on this computer. Nothing of your sheet leaves it",
    loading: "Reading the list of models…",
    failed: "The list of models could not be read",
    again: "Try again",
    choose: "Choose a model",
    toModels: "Open Models",
    toBackends: "Open Backends",
    noBackend: (id: string) => `There is no backend “${id}” here`,
    noBackendBody:
      "It was removed, or the recipe comes from another computer. Add it in the settings, or choose another model. Cells that are there stay",
    default: "default",
    tuned: "tuned for this machine",
    linked: "outside the models folder",
    notChosen: "Choose a model for this column",
    missing: (name: string) => `${name} is not on this computer`,
    missingBody: "Get it under Models, or choose another one. Cells that are there stay",
    noMlx: "Models for MLX do not run here",
    noMlxBody:
      "They need a Mac with Apple Silicon. Choose another model; most are to be had as GGUF files, too. Cells that are there stay",
    ambiguous: (names: string) => `Several models are called like this: ${names}`,
    path: "A file outside the list of models. Whether it is there is seen when the column runs",
    makeDefault: "Use for new columns",
    madeDefault: "New columns now use this model",
  },

  sampling: {
    title: "Sampling",
    reset: "Reset",
    usual: "Usual",
    own: "Changed",
    temperature: "Temperature",
    temperatureHint: "0 takes the likeliest word each time; higher is more varied",
    temperatureNew: "0 means 0.8 here, because this prompt reads no column",
    topP: "Top p",
    topPHint: "Keeps the likeliest words up to this probability; 1 keeps all",
    topK: "Top k",
    topKHint: "Keeps this many likeliest words; 0 keeps all",
    minP: "Min p",
    minPHint: "Keeps words at least this share as likely as the likeliest; 0 keeps all",
    maxTokens: "Most tokens",
    maxTokensHint: "Longer answers are cut off",
    automatic: "Automatic",
    seed: "Seed",
    seedHint: "Same seed, same answers",
    stops: "Stop texts",
    stopsHint: "One a line. The answer ends before any of them; write \\n for a line break",
    temperatureBad: "Between 0 and 2",
    topPBad: "Above 0, at most 1",
    minPBad: "Between 0 and 1",
    maxTokensBad: "At least 1",
  },

  examples: {
    title: "What the model learns from",
    body: "Approve or edit cells to teach the model: they go along with every later row as examples",
    newBody:
      "Once the column is there, approve or edit some of its cells. The model gets them as examples for the other rows",
    none: "No examples yet",
    noneHint: "Select a cell of this column and approve it, or correct it",
    newItems:
      "This prompt reads no column, so no examples are shown. The model is told what the column has already",
    limits: "Limits",
    maxCount: "Most examples",
    maxCountHint: "0 shows none",
    maxTokens: "Most tokens",
    maxTokensHint: "All examples together",
    used: (used: number, all: number) => `${formatCount(used)} of ${formatCount(all)} used`,
    tokens: (count: number, isExact: boolean) =>
      isExact ? counted(count, "token", "tokens") : `about ${counted(count, "token", "tokens")}`,
    guessed: "Tokens are estimated on the high side until the model is loaded",
    saveFirst: "Save your changes to see which examples the next run uses",
    passedOver: {
      blank: "Not used: the value or its inputs are empty",
      count: "Not used: there are enough examples already",
      tokens: "Not used: too long for the limit of tokens",
    },
    isUsed: "Used",
    ofRecipe: "Came with the recipe",
    goTo: "Go to this row",
    failed: "The examples could not be read",
    empty: "(empty)",
  },

  run: {
    rows: (ended: string, total: string) => `${ended} of ${total} rows`,
    failed: (count: number) => `${formatCount(count)} failed`,
    timeLeft: (duration: string) => `${duration} left`,
    timeUnknown: "measuring the time…",
    reads: (count: string) => `reads ${count} tokens/s`,
    shared: (share: string) => `${share} of it once for all`,
    writes: (count: string) => `writes ${count} tokens/s`,
    reused: (count: number) => `${counted(count, "answer", "answers")} taken again`,
    tokensHint:
      "The beginning that all rows share is counted for each, although it is computed once. An answer is taken again where the same was asked before",
    queued: "Waits for other runs",
    pause: "Pause",
    stop: "Stop",
    resume: "Resume",
    pausedAt: (ended: string, total: string) => `Paused at ${ended} of ${total} rows`,
    interruptedAt: (ended: string, total: string) => `Interrupted at ${ended} of ${total} rows`,
    failedAt: (ended: string, total: string) => `Could not go on after ${ended} of ${total} rows`,
    progress: "Progress of this column",
    start: "Run",
    saveAndStart: "Save and run",
    scope: "Which cells",
    scopes: {
      empty: "Empty cells",
      pending: "Cells not up to date",
      failed: "Failed cells",
      all: "All again",
      selected: "Selected rows",
      filtered: "Filtered rows",
      first: "First rows…",
    },
    scopeHints: {
      empty: "",
      pending: "Fills empty cells, retries failed ones and makes stale ones again",
      failed: "Tries every failed cell again",
      all: "Makes every cell again, except those that you edited or approved",
      selected: "Makes the cells of the selected rows again, except edited and approved ones",
      filtered: "Makes the cells of the rows in the filter again, except edited and approved ones",
      first: "Fills empty cells among the first rows",
    },
    newScopes: {
      empty: "All rows",
      first: "First rows…",
      selected: "Selected rows",
      filtered: "Filtered rows",
    },
    firstCount: "How many",
    fresh: "Ask again even where an answer is kept",
    nothingSelected: "Select the rows in the table first",
    nothingFiltered: "No filter is set",
  },

  runs: {
    none: "This column was not run yet",
    newBody: "Runs of this column are listed here once it was added",
    failed: "The list of runs could not be read",
    status: runStatus,
    rows: (done: string, total: string, failed: number) =>
      failed > 0
        ? `${done} of ${total} rows, ${formatCount(failed)} failed`
        : `${done} of ${total} rows`,
    version: (version: number) => `Recipe ${version}`,
    started: (when: string) => `Started ${when}`,
    took: (duration: string) => `took ${duration}`,
    cost: (usd: string) => `cost ${usd}`,
    scope: {
      empty: "Empty cells",
      first: "First rows",
      failed: "Failed cells",
      stale: "Stale cells",
      pending: "Cells not up to date",
      all: "All again",
      these: "Chosen rows",
    },
    filtered: "filtered",
    fresh: "asked again",
    more: (count: number) => `Show ${formatCount(count)} earlier`,
  },

  pace: {
    second: (count: string) => `${count} rows/s`,
    minute: (count: string) => `${count} rows/min`,
  },

  estimate: {
    working: "Estimating…",
    rows: (count: number) => rows(count),
    nothing: "No cells to fill",
    allWaiting: (count: number) =>
      `${rows(count)} wait for a column that this one reads to be filled`,
    waiting: (count: number) => `${rows(count)} wait for another column`,
    cached: (count: string) => `about ${count} already answered`,
    tokens: (read: string, written: string) => `about ${read} tokens in, ${written} out`,
    atMost: (count: string) => `at most ${count}`,
    time: (duration: string) => `about ${duration}`,
    cost: (usd: string) => `about ${usd}`,
    costUnknown: "cost unknown",
    atMostTime: (duration: string) => `at most ${duration}`,
    timeUnknown: "time unknown until something was measured",
    ofSaved: "for the saved recipe",
    failed: "No estimate",
  },

  cost: {
    spent: (usd: string) => `${usd} so far`,
    of: (usd: string, most: string) => `${usd} of at most ${most}`,
    tokensOf: (tokens: string, most: string) => `${tokens} of at most ${most} tokens`,
  },

  flow: {
    waits: (duration: string) => `The backend asks to slow down. Goes on in ${duration}`,
    slower: (limit: number) =>
      `Slowed down to ${counted(limit, "request", "requests")} at a time, as the backend asked`,
    retries: (count: number) => `${counted(count, "request", "requests")} sent again`,
  },

  cap: {
    title: "Stop the run at",
    usd: "Money in US dollars",
    tokens: "Tokens",
    tokensUnit: "tokens",
    none: "no limit",
    usual: (usd: string) => `${usd} (settings)`,
    hint: "A limit for this run, which can go on with a higher one. Answers that are on their way still count",
    unpriced: "The price of this model is not known: only tokens can be limited",
    reached: "The limit of this run is reached",
    reachedAt: (ended: string, total: string) => `${ended} of ${total} rows are done and kept`,
    raise: "Resume with these limits",
    raiseLimit: "Raise the limit",
    raiseHint: "What the run took before counts as well, so the new limit is above the old one",
  },

  preview: {
    start: (count: number) => `Preview ${rows(count)}`,
    again: "Preview again",
    title: "Preview",
    stop: "Stop",
    running: "Asking the model for the first rows…",
    note: "Nothing is stored",
    outdated: "The column was changed since",
    close: "Close the preview",
    empty: "(empty)",
    nothing: "The sheet has no rows to preview",
    noLabels: "None of the labels",
    row: (position: number) => `Row ${formatCount(position)}`,
    noInput: "reads no column",
    tokens: (count: number) => counted(count, "token", "tokens"),
    confidence: (share: string) => `${share} sure`,
    cutOff: "cut off",
    kept: "kept answer",
    thinking: "Thinking",
    finalPrompt: "Final prompt",
  },

  final: {
    body: "The messages exactly as the model gets them",
    none: "No prompt was made yet",
    noneHint: "Preview some rows, or select a cell that this column has made",
    sourcePreview: "Preview",
    sourceCell: "Selected cell",
    source: "Prompt of",
    row: "Row",
    partial:
      "More was said that is not kept: the list of earlier entries, or a second attempt after an answer that could not be used",
    roles: { system: "System", user: "User", assistant: "Assistant" },
    copy: "Copy all",
    copied: "Copied",
    noCell: "Select a cell of this column",
    notMade: "The selected cell was not made by the model",
    failed: "The prompt could not be read",
    showAll: (count: string) => `Show all ${count} characters`,
  },

  footer: {
    label: "Save and run",
    add: "Add column",
    addAndRun: "Add and run",
    save: "Save",
    stale: (count: number) => `Saving makes ${cells(count)} stale`,
    emptied: (count: number) =>
      `Saving empties ${cells(count)}: the new type is stored differently. You can undo this`,
    recalibrated:
      "Saving computes the labels anew from what the model said. It is not asked again, and cells that you edited or approved stay",
    goToProblem: "Show",
    more: (count: number) => `and ${formatCount(count)} more`,
    busy: "A run of this column is alive: pause or stop it to change the recipe",
  },
} as const;

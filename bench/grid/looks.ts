/** Every state and kind of cell on one page, to be looked at and tried by hand. */
import "../../src/styles.css";
import "../../src/features/grid/grid.css";
import { GridView } from "../../src/features/grid/grid-view";
import type {
  GridColumn,
  GridIntent,
  GridModel,
  GridSelectionSnapshot,
} from "../../src/features/grid/types";
import type { CellState, CellView, Value } from "../../src/ipc";

const query = new URLSearchParams(location.search);
document.documentElement.dataset.theme = query.get("theme") ?? "light";
const rowCount = Number(query.get("rows") ?? 60);

const states: CellState[] = [
  "done",
  "running",
  "failed",
  "queued",
  "edited",
  "validated",
  "stale",
  "empty",
  "done",
];

const names = ["Product", "Price", "In stock", "Since", "Review", "Sentiment", "Summary", "Data"];
const types = ["text", "number", "boolean", "time", "text", "text", "text", "nested"] as const;
const columns: GridColumn[] = names.map((name, index) => ({
  id: index + 1,
  name,
  valueType: types[index] ?? "text",
  ai: index === 5 || index === 6,
  labels: null,
  widthPx: [180, 90, 80, 110, 240, 150, 220, 180][index] ?? 120,
  frozen: index === 0,
  sort: index === 1 ? { descending: true, place: 1 } : null,
  filtered: index === 2,
  chip: index === 5 ? { text: "12 of 40", kind: "info" } : null,
}));

const reviews = [
  "Works as promised, and the battery lasts for two days of hard use in the cold.",
  "Broke after a week.\nThe seller did not answer; I would not buy it again.",
  "Good \u202Egnp.exe\u202C value \u0007 for the money",
  "שלום, the cable is too short",
  "Très bien 👩‍👩‍👧 rien à redire",
];

function value(position: number, column: number): Value {
  switch (column) {
    case 1:
      return `Product ${position + 1}`;
    case 2:
      return position % 7 === 3 ? null : Math.round(Math.sin(position) * 10_000) / 100;
    case 3:
      return position % 3 === 0;
    case 4:
      return `2024-0${(position % 9) + 1}-15`;
    case 5:
      return reviews[position % reviews.length] ?? "";
    case 8:
      return { id: position, tags: ["new", "sale"], size: { w: 3, h: 4 } };
    default:
      return column === 6
        ? position % 2 === 0
          ? "positive"
          : "negative"
        : "A short summary of it";
  }
}

function cell(position: number, column: number): CellView {
  const ai = column === 6 || column === 7;
  const state = ai ? (states[(position + column) % states.length] ?? null) : null;
  const isBlank = state === "queued" || state === "empty" || state === "failed";
  return {
    value: isBlank || state === "running" ? null : value(position, column),
    state,
    error: state === "failed" ? "The answer is none of the labels" : null,
    confidence: column === 6 && state === "done" ? 0.35 + (position % 6) / 10 : null,
  };
}

const edits = new Map<string, string>();
const intents: GridIntent[] = [];
let selection: GridSelectionSnapshot = { active: null, ranges: [] };

const host = document.getElementById("host");
if (host === null) throw new Error("the page has no host");
const view = new GridView(host, {
  source: {
    async window(ids, start, count) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const rows = Array.from(
        { length: Math.max(0, Math.min(count, rowCount - start)) },
        (_, at) => ({
          row: start + at + 1000,
          cells: ids.map((id) => {
            const typed = edits.get(`${start + at}:${id}`);
            const shown = cell(start + at, id);
            return typed === undefined ? shown : { ...shown, value: typed };
          }),
        }),
      );
      return { columns: ids, start, row_count: rowCount, rows };
    },
  },
  onIntent(intent) {
    intents.push(intent);
    if (intent.kind !== "edit") return;
    edits.set(`${intent.position}:${intent.column}`, intent.text);
    view.reload();
  },
  onSelection(next) {
    selection = next;
  },
  onRowsInView() {},
});
const model: GridModel = {
  columns: query.has("bare") ? [] : columns,
  rowCount,
  readOnly: query.has("read-only"),
  rowHeightPx: query.get("height") === "56" ? 56 : query.get("height") === "112" ? 112 : 28,
};
view.setModel(model);
setTimeout(() => {
  for (let row = 0; row < rowCount; row += 1) {
    if (view.cellAt(row, 7)?.state === "running")
      view.appendText(row + 1000, 7, "The buyer likes ");
  }
}, 300);

Object.assign(window, {
  grid: { view, intents, edits, model, selection: () => selection },
});

import type { DataType, ImportPreview, Value } from "~/ipc";
import { valueText } from "~/lib/format";
import { shownText } from "./shown-text";
import { text } from "./strings";
import { dataTypes, foundType, isNumeric } from "./types";

/** A table with more columns shows these first, and the next ones when asked. */
export const COLUMNS_AT_ONCE = 100;

/** What the preview table needs beside the preview. */
export interface PreviewTableOptions {
  /** Types that were chosen, by column name. */
  chosen: Record<string, DataType>;
  isDisabled: boolean;
  /** Called when a person chooses a type; null is the type that is found. */
  onType: (column: string, type: DataType | null) => void;
}

/**
 * Paints the first rows of a file into a scrolling host. It is plain DOM, because a preview may
 * have tens of thousands of cells. The place of the scroll and the focus stay where they are.
 */
export function paintPreview(
  host: HTMLElement,
  preview: ImportPreview,
  options: PreviewTableOptions,
): void {
  const { scrollLeft, scrollTop } = host;
  const focused = host.contains(document.activeElement) ? document.activeElement : null;
  const focusedColumn = focused instanceof HTMLSelectElement ? focused.dataset.column : undefined;
  const shownBefore = Number(host.dataset.columns ?? COLUMNS_AT_ONCE);
  const shown = Math.min(preview.columns.length, Math.max(shownBefore, COLUMNS_AT_ONCE));
  host.replaceChildren(table(host, preview, options, shown));
  host.scrollLeft = scrollLeft;
  host.scrollTop = scrollTop;
  if (focusedColumn === undefined) return;
  for (const select of host.querySelectorAll("select")) {
    if (select.dataset.column === focusedColumn) select.focus({ preventScroll: true });
  }
}

function table(
  host: HTMLElement,
  preview: ImportPreview,
  options: PreviewTableOptions,
  shown: number,
): HTMLElement {
  const columns = preview.columns.slice(0, shown);
  const numeric = columns.map((column) => isNumeric(column.sql_type));
  const head = element("thead");
  const titles = element("tr");
  titles.append(rowNumber("th", text.rowNumber));
  for (const column of columns) titles.append(title(column.name, column.sql_type, options));
  const more = preview.columns.length - shown;
  if (more > 0) {
    titles.append(
      moreColumns(more, () => {
        host.dataset.columns = String(shown + COLUMNS_AT_ONCE);
        paintPreview(host, preview, options);
      }),
    );
  }
  head.append(titles);
  const body = element("tbody");
  preview.rows.forEach((values, index) => {
    const row = element("tr");
    row.append(rowNumber("td", String(index + 1)));
    for (let at = 0; at < shown; at++) row.append(cell(values[at] ?? null, numeric[at] === true));
    body.append(row);
  });
  const made = element("table", "border-separate border-spacing-0 text-left");
  made.append(head, body);
  return made;
}

const edge = "border-b border-r border-line";

function rowNumber(kind: "th" | "td", label: string): HTMLElement {
  const sticky = `sticky left-0 bg-panel ${edge} px-2 text-right text-faint tabular-nums`;
  const made = element(kind, kind === "th" ? `${sticky} top-0 z-20` : sticky);
  if (kind === "th") {
    made.append(element("span", "sr-only", label));
    made.setAttribute("scope", "col");
  } else {
    made.textContent = label;
  }
  return made;
}

function title(name: string, sqlType: string, options: PreviewTableOptions): HTMLElement {
  const made = element(
    "th",
    `sticky top-0 z-10 bg-panel ${edge} min-w-32 px-2 py-1 align-top font-normal`,
  );
  made.setAttribute("scope", "col");
  const label = element("div", "max-w-56 truncate font-medium text-strong", shownText(name, 80));
  label.dir = "auto";
  label.title = shownText(name, 1000);
  const choice = element(
    "div",
    "relative after:pointer-events-none after:absolute after:top-1 after:right-1 after:text-xs after:text-faint after:content-['▾']",
  );
  choice.append(typeSelect(name, sqlType, options));
  made.append(label, choice);
  return made;
}

function typeSelect(name: string, sqlType: string, options: PreviewTableOptions): HTMLElement {
  const chosen = options.chosen[name];
  const found = foundType(sqlType);
  const select = document.createElement("select");
  select.className =
    "mt-0.5 -ml-1 h-6 w-full max-w-56 appearance-none truncate pr-4 rounded-md border border-transparent bg-transparent pl-1 text-muted enabled:hover:border-strongline enabled:hover:bg-hover";
  select.setAttribute("aria-label", text.typeOf(shownText(name, 80)));
  select.dataset.column = name;
  select.dataset.testid = "import-column-type";
  select.disabled = options.isDisabled;
  const automatic = chosen ? text.automatic : text.typeFound(text.types[found] ?? found);
  select.add(new Option(automatic, ""));
  for (const type of dataTypes) select.add(new Option(text.types[type] ?? type, type));
  select.value = chosen ?? "";
  if (chosen) select.classList.add("text-accent");
  select.addEventListener("change", () => {
    const type = dataTypes.find((word) => word === select.value) ?? null;
    options.onType(name, type);
  });
  return select;
}

function cell(value: Value, isRight: boolean): HTMLElement {
  const shown = value === null ? "" : shownText(valueText(value));
  const place = isRight ? "text-right tabular-nums" : "";
  const made = element(
    "td",
    `${edge} max-w-60 overflow-hidden text-ellipsis whitespace-pre px-2 py-0.5 ${place}`,
    shown,
  );
  made.style.unicodeBidi = "isolate";
  if (shown.length > 24) made.title = shown;
  return made;
}

function moreColumns(count: number, show: () => void): HTMLElement {
  const made = element("th", `sticky top-0 z-10 bg-panel ${edge} px-2 py-1 align-top`);
  const button = element(
    "button",
    "whitespace-nowrap rounded-md px-2 text-accent hover:bg-hover focus-visible:ring-2 ring-accent",
    text.moreColumns(count),
  );
  button.setAttribute("type", "button");
  button.addEventListener("click", show);
  made.append(button);
  return made;
}

function element(kind: string, className = "", content = ""): HTMLElement {
  const made = document.createElement(kind);
  if (className !== "") made.className = className;
  if (content !== "") made.textContent = content;
  return made;
}

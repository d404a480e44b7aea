import { $, component$, useSignal } from "@builder.io/qwik";
import type { Column, SortKey } from "~/ipc";
import {
  Button,
  Combobox,
  Icon,
  IconButton,
  Menu,
  type MenuItem,
  Popover,
  SegmentedControl,
} from "~/ui";
import { perform } from "./actions";
import { partsOf } from "./conditions";
import { menuItems } from "./menu-items";
import { addColumnEntries } from "./open-menu";
import { type RowHeightPx, writePreferences } from "./preferences";
import { withSort } from "./sorting";
import { text } from "./strings";
import { useSheetTools } from "./tools";

/** What changes how the rows are shown, and adds columns. */
export const ToolBar = component$(() => {
  const tools = useSheetTools();
  const { sheet, ui } = tools;
  const conditions = partsOf(sheet.filter)?.conditions.length ?? (sheet.filter ? 1 : 0);
  const setHeight = $((value: string) => {
    ui.rowHeightPx = Number(value) as RowHeightPx;
    writePreferences(sheet.info.id, { rowHeightPx: ui.rowHeightPx, frozen: ui.frozen });
  });
  const heights = ([28, 56, 112] as const).map((height) => ({
    value: String(height),
    label: text.tools.heights[height],
  }));
  return (
    <div
      class="flex min-h-9 shrink-0 flex-wrap items-center gap-1 border-b border-line bg-panel px-2 py-1"
      role="toolbar"
      aria-label={text.tools.label}
    >
      <Menu
        label={text.tools.addColumn}
        icon="plus"
        showLabel
        variant="ghost"
        disabled={sheet.readOnly !== null}
        items={menuItems(tools, addColumnEntries(), "add-column")}
        testId="sheet-add-column"
      />
      <Button
        variant="ghost"
        icon="filter"
        class={conditions > 0 ? "text-accent" : ""}
        disabled={sheet.columns.length === 0}
        onClick$={() => {
          const column = sheet.selected.column ?? sheet.columns.find((c) => !c.hidden)?.id;
          if (column !== undefined) ui.condition = { index: null, column };
        }}
        testId="sheet-filter"
      >
        {conditions > 0 ? text.tools.filterCount(conditions) : text.tools.filter}
      </Button>
      <SortButton />
      {ui.viewMoved && (
        <Button
          variant="ghost"
          icon="retry"
          class="text-warning"
          title={text.filter.refreshHint}
          onClick$={() => perform(tools, { do: "refresh-view" })}
          testId="sheet-refresh"
        >
          {text.filter.refresh}
        </Button>
      )}
      <Button
        variant="ghost"
        icon="search"
        onClick$={() => perform(tools, { do: "find", withReplace: false })}
        testId="sheet-find"
      >
        {text.tools.find}
      </Button>
      <HiddenColumns />
      <span class="flex-1" />
      <SegmentedControl
        label={text.tools.height}
        hideLabel
        value={String(ui.rowHeightPx)}
        options={heights}
        onChange$={setHeight}
        testId="sheet-row-height"
      />
      <Button
        variant="ghost"
        icon="database"
        class={ui.sqlOpen ? "bg-selected text-accent" : ""}
        onClick$={() => {
          ui.sqlOpen = !ui.sqlOpen;
        }}
        testId="sheet-sql"
      >
        {text.tools.sql}
      </Button>
    </div>
  );
});

const HiddenColumns = component$(() => {
  const tools = useSheetTools();
  const hidden = tools.sheet.columns.filter((column) => column.hidden);
  if (hidden.length === 0) return null;
  const items: MenuItem[] = menuItems(
    tools,
    [
      ...hidden.map((column) => ({
        label: column.name,
        icon: "eye" as const,
        action: { do: "hide", column: column.id, hidden: false } as const,
      })),
      {
        label: text.tools.showAll,
        action: { do: "show-all-columns" } as const,
        separatorBefore: true,
      },
    ],
    "hidden-column",
  );
  return (
    <Menu
      label={text.tools.hidden(hidden.length)}
      icon="eye-off"
      showLabel
      variant="ghost"
      disabled={tools.sheet.readOnly !== null}
      items={items}
      testId="sheet-hidden-columns"
    />
  );
});

function nameOf(key: SortKey, columns: readonly Column[]): string {
  const name = columns.find((column) => column.id === key.column)?.name ?? "";
  if (key.by === "confidence") return `${name} (${text.tools.byConfidence})`;
  return key.by === "state" ? `${name} (${text.tools.byState})` : name;
}

/** The order of the rows, and a place to change it. */
const SortButton = component$(() => {
  const tools = useSheetTools();
  const { sheet } = tools;
  const open = useSignal(false);
  const summary = sheet.sort
    .map((key) => `${nameOf(key, sheet.columns)} ${key.descending ? "↓" : "↑"}`)
    .join(", ");
  const unsorted = sheet.columns.filter(
    (column) => !column.hidden && !sheet.sort.some((key) => key.column === column.id),
  );
  return (
    <div class="relative">
      <Button
        variant="ghost"
        icon="sort-asc"
        class={sheet.sort.length > 0 ? "text-accent" : ""}
        title={sheet.sort.length > 0 ? text.tools.sortedBy(summary) : text.tools.sort}
        disabled={sheet.columns.length === 0}
        onClick$={() => {
          open.value = !open.value;
        }}
        testId="sheet-sort"
      >
        {sheet.sort.length === 0 ? (
          text.tools.sort
        ) : (
          <span class="max-w-56 truncate">{text.tools.sortedBy(summary)}</span>
        )}
      </Button>
      {open.value && (
        <Popover
          open
          label={text.tools.sortTitle}
          onClose$={() => {
            open.value = false;
          }}
          testId="sheet-sort-panel"
          class="w-80"
        >
          {sheet.sort.length === 0 && <p class="mb-2 text-muted">{text.tools.noSort}</p>}
          <ol class="mb-2">
            {sheet.sort.map((key, index) => (
              <li key={`${key.column} ${key.by}`} class="flex items-center gap-1 py-0.5">
                <span class="w-4 text-sm text-faint">{index + 1}</span>
                <span class="min-w-0 flex-1 truncate">{nameOf(key, sheet.columns)}</span>
                <Button
                  size="s"
                  variant="ghost"
                  ariaLabel={text.tools.turnSort(nameOf(key, sheet.columns))}
                  onClick$={() => {
                    const turned = { ...key, descending: !key.descending };
                    sheet.sort = withSort(sheet.sort, turned, true);
                  }}
                >
                  <Icon name={key.descending ? "sort-desc" : "sort-asc"} size={14} />
                  {key.descending ? text.tools.descending : text.tools.ascending}
                </Button>
                <IconButton
                  icon="x"
                  size="s"
                  label={text.tools.removeSort(nameOf(key, sheet.columns))}
                  onClick$={() => {
                    sheet.sort = sheet.sort.filter((_, place) => place !== index);
                  }}
                />
              </li>
            ))}
          </ol>
          {unsorted.length > 0 && (
            <Combobox
              key={sheet.sort.length}
              label={text.tools.addSort}
              hideLabel
              value=""
              placeholder={text.tools.addSort}
              options={unsorted.map((column) => ({
                value: String(column.id),
                label: column.name,
              }))}
              onChange$={(value: string) => {
                if (value === "") return;
                sheet.sort = [...sheet.sort, { column: Number(value), descending: false }];
              }}
            />
          )}
          {sheet.sort.length > 0 && (
            <Button
              class="mt-2"
              size="s"
              variant="ghost"
              onClick$={() => {
                sheet.sort = [];
                open.value = false;
              }}
              testId="sheet-sort-clear"
            >
              {text.tools.clearSort}
            </Button>
          )}
        </Popover>
      )}
    </div>
  );
});

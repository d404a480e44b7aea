import { $, component$ } from "@builder.io/qwik";
import { formatCount } from "~/lib/format";
import { Button, Icon, IconButton, Popover, Select } from "~/ui";
import { ConditionEditor } from "./condition-editor";
import { conditionColumn, conditionText } from "./condition-text";
import { type Condition, type FilterParts, filterOf, partsOf } from "./conditions";
import { text } from "./strings";
import { useSheetTools } from "./tools";

const nothing: FilterParts = { match: "all", conditions: [] };

/** The conditions that the rows on screen fulfil. */
export const FilterBar = component$(() => {
  const tools = useSheetTools();
  const { sheet, ui } = tools;
  const parts = partsOf(sheet.filter);
  const conditions = parts?.conditions ?? [];
  const isNew = ui.condition !== null && ui.condition.index === null;
  if (sheet.filter === null && ui.condition === null) return null;

  return (
    <section
      class="flex shrink-0 flex-wrap items-center gap-1.5 border-b border-line bg-panel px-2 py-1"
      aria-label={text.filter.bar}
      data-testid="sheet-filter-bar"
    >
      <Icon name="filter" size={14} class="ml-1 text-muted" />
      {conditions.length > 1 && (
        <Select
          label={text.filter.match}
          hideLabel
          value={parts?.match ?? "all"}
          options={[
            { value: "all", label: text.filter.all },
            { value: "any", label: text.filter.any },
          ]}
          onChange$={(value: string) => {
            const match = value === "any" ? "any" : "all";
            sheet.filter = filterOf({ match, conditions });
          }}
          testId="sheet-filter-match"
        />
      )}
      {parts === null && <span class="text-muted">{text.filter.nested}</span>}
      {conditions.map((condition, index) => (
        <Chip key={`${index} ${JSON.stringify(condition)}`} condition={condition} index={index} />
      ))}
      {parts !== null && sheet.filter !== null && <AddCondition />}
      {isNew && sheet.filter === null && <NewCondition />}
      <span class="flex-1" />
      {sheet.filter !== null && (
        <>
          <span
            class="text-sm text-muted tabular-nums"
            aria-live="polite"
            data-testid="sheet-filter-count"
          >
            {text.filter.shown(formatCount(sheet.rowCount), formatCount(sheet.info.row_count))}
          </span>
          <Button
            size="s"
            variant="ghost"
            onClick$={() => {
              ui.condition = null;
              sheet.filter = null;
              // The bar goes away with its buttons.
              ui.view?.focus();
            }}
            testId="sheet-filter-clear"
          >
            {text.filter.clear}
          </Button>
        </>
      )}
    </section>
  );
});

const Chip = component$<{ condition: Condition; index: number }>(({ condition, index }) => {
  const { sheet, ui } = useSheetTools();
  const name = conditionColumn(condition, sheet.columns);
  const phrase = conditionText(condition);
  const whole = `${name} ${phrase}`;
  const isOpen = ui.condition?.index === index;
  return (
    <div class="relative inline-flex">
      <span class="inline-flex h-6 max-w-80 items-center rounded-md border border-line bg-accent-soft text-sm">
        <button
          type="button"
          class="flex h-full min-w-0 items-center gap-1 rounded-l-md px-2 hover:bg-hover"
          aria-label={text.filter.edit(whole)}
          aria-expanded={isOpen}
          title={whole}
          data-testid="sheet-filter-chip"
          onClick$={() => {
            ui.condition = isOpen ? null : { index, column: condition.column };
          }}
        >
          <span class="max-w-32 truncate font-medium text-strong">{name}</span>
          <span class="truncate">{phrase}</span>
        </button>
        <IconButton
          icon="x"
          size="s"
          label={text.filter.remove(whole)}
          onClick$={() => {
            const parts = partsOf(sheet.filter) ?? nothing;
            ui.condition = null;
            sheet.filter = filterOf({
              match: parts.match,
              conditions: parts.conditions.filter((_, place) => place !== index),
            });
            ui.view?.focus();
          }}
        />
      </span>
      {isOpen && <Editor condition={condition} index={index} />}
    </div>
  );
});

/** The button behind the chips. */
const AddCondition = component$(() => {
  const { sheet, ui } = useSheetTools();
  return (
    <div class="relative inline-flex">
      <IconButton
        icon="plus"
        size="s"
        label={text.filter.add}
        onClick$={() => {
          const column = sheet.selected.column ?? sheet.columns.find((c) => !c.hidden)?.id;
          if (column !== undefined) ui.condition = { index: null, column };
        }}
        testId="sheet-filter-add"
      />
      {ui.condition !== null && ui.condition.index === null && (
        <Editor condition={null} index={null} />
      )}
    </div>
  );
});

/** The first condition of all, while it is being written. */
const NewCondition = component$(() => (
  <div class="relative inline-flex h-6 items-center">
    <span class="text-muted">{text.filter.title}</span>
    <Editor condition={null} index={null} />
  </div>
));

const Editor = component$<{ condition: Condition | null; index: number | null }>(
  ({ condition, index }) => {
    const { sheet, ui } = useSheetTools();
    const close = $(() => {
      ui.condition = null;
    });
    const apply = $((written: Condition) => {
      const parts = partsOf(sheet.filter) ?? nothing;
      const conditions =
        index === null
          ? [...parts.conditions, written]
          : parts.conditions.map((old, place) => (place === index ? written : old));
      ui.condition = null;
      sheet.filter = filterOf({ match: parts.match, conditions });
    });
    const column = ui.condition?.column;
    if (column === undefined) return null;
    return (
      <Popover open label={text.filter.title} onClose$={close} testId="sheet-condition">
        <ConditionEditor
          key={`${index} ${column}`}
          column={column}
          condition={condition}
          index={index}
          onApply$={apply}
          onCancel$={close}
        />
      </Popover>
    );
  },
);

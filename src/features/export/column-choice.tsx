import { component$, type QRL, useSignal } from "@builder.io/qwik";
import type { Column, ColumnId } from "~/ipc";
import { Badge, Button, Checkbox, Icon, TextField } from "~/ui";
import { text } from "./strings";

/** More columns than this get a search field. */
const SEARCHED_FROM = 12;

export interface ColumnChoiceProps {
  columns: Column[];
  /** Those that are not chosen. */
  without: ColumnId[];
  onChange$: QRL<(without: ColumnId[]) => void>;
}

/** Which columns of a sheet, as a list of check boxes in display order. */
export const ColumnChoice = component$<ColumnChoiceProps>((props) => {
  const search = useSignal("");
  const { onChange$ } = props;
  const all = props.columns;
  const hidden = all.filter((column) => column.hidden === true);
  const wanted = search.value.trim().toLocaleLowerCase();
  const shown = all.filter((column) => column.name.toLocaleLowerCase().includes(wanted));
  return (
    <fieldset
      class="flex min-h-0 min-w-0 flex-col gap-2"
      aria-label={text.columns}
      data-testid="export-columns"
    >
      <div class="flex items-center gap-2">
        <span class="font-medium text-strong">{text.columns}</span>
        <span class="text-muted tabular-nums" aria-live="polite">
          {text.columnsChosen(all.length - props.without.length, all.length)}
        </span>
        <span class="ml-auto flex gap-1">
          <Button size="s" variant="ghost" onClick$={() => onChange$([])}>
            {text.columnsAll}
          </Button>
          {hidden.length > 0 && (
            <Button
              size="s"
              variant="ghost"
              onClick$={() => onChange$(hidden.map((column) => column.id))}
            >
              {text.columnsShown}
            </Button>
          )}
          <Button
            size="s"
            variant="ghost"
            onClick$={() => onChange$(all.map((column) => column.id))}
          >
            {text.columnsNone}
          </Button>
        </span>
      </div>
      {all.length > SEARCHED_FROM && (
        <TextField
          label={text.columnsSearch}
          hideLabel
          type="search"
          icon="search"
          placeholder={text.columnsSearch}
          value={search.value}
          onInput$={(value: string) => {
            search.value = value;
          }}
        />
      )}
      <div class="flex h-64 flex-col gap-1 overflow-y-auto rounded-md border border-line p-2">
        {shown.length === 0 && <p class="text-muted">{text.columnsNoMatch}</p>}
        {shown.map((column) => (
          <div key={column.id} class="flex min-w-0 items-center gap-1.5">
            <Checkbox
              class="min-w-0 flex-1 [&_label]:truncate"
              label={column.name}
              checked={!props.without.includes(column.id)}
              onChange$={(checked: boolean) => {
                const others = props.without.filter((id) => id !== column.id);
                return onChange$(checked ? others : [...others, column.id]);
              }}
              testId="export-column"
            />
            {column.kind.kind === "ai" && <Icon name="sparkle" size={14} class="text-ai" />}
            {column.hidden && <Badge>{text.hidden}</Badge>}
          </div>
        ))}
      </div>
    </fieldset>
  );
});

import { component$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import type { SheetState } from "~/state/sheet";
import { Checkbox, EmptyState, Switch } from "~/ui";
import { aiColumns, type RecipeSave } from "./recipe-save-state";
import { recipeText as text } from "./strings";

/** Which columns go into the recipe file, and what the file will be. */
export const RecipeSaveBody = component$<{ save: RecipeSave; sheet: SheetState }>((props) => {
  const { save, sheet } = props;
  const columns = aiColumns(sheet);
  if (columns.length === 0) {
    return <EmptyState icon="sparkle" title={text.noAiColumns} body={text.noAiColumnsBody} />;
  }
  return (
    <div class="grid h-[min(52vh,28rem)] grid-cols-[14rem_minmax(0,1fr)] gap-4">
      <div class="flex min-h-0 flex-col gap-4">
        <fieldset class="flex min-h-0 min-w-0 flex-col gap-1.5">
          <legend class="mb-1.5 text-sm font-medium text-normal">{text.columns}</legend>
          <div class="scroll-area flex min-h-0 flex-col gap-1.5">
            {columns.map((column) => (
              <Checkbox
                key={column.id}
                label={column.name}
                checked={!save.without.includes(column.id)}
                onChange$={(checked: boolean) => {
                  const others = save.without.filter((id) => id !== column.id);
                  save.without = checked ? others : [...others, column.id];
                }}
                testId="recipe-column"
              />
            ))}
          </div>
        </fieldset>
        <Switch
          label={text.examples}
          hint={text.examplesHint}
          checked={save.withExamples}
          onChange$={(value: boolean) => {
            save.withExamples = value;
          }}
          testId="recipe-examples"
        />
      </div>
      <div class="flex min-h-0 min-w-0 flex-col gap-1">
        <span class="text-sm font-medium text-normal" aria-hidden="true">
          {text.preview}
        </span>
        {save.failure && <FailureNotice failure={save.failure} testId="recipe-save-failure" />}
        <textarea
          class="min-h-0 w-full flex-1 resize-none rounded-md border border-line bg-app p-2 font-mono text-sm whitespace-pre text-normal"
          readOnly
          spellcheck={false}
          aria-label={text.previewLabel}
          value={
            save.yaml ?? (save.without.length === columns.length ? text.chooseOne : text.loading)
          }
          data-testid="recipe-text"
        />
      </div>
    </div>
  );
});

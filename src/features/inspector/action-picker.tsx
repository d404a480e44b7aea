import { $, component$, useContext } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { Button, Icon, Menu, type MenuItem, Select } from "~/ui";
import { ACTIONS, type Action, actionPrompt, isUntouched, readableColumns } from "./actions";
import { draftOf, freeName, plain } from "./draft";
import { AiColumnContext, type AiColumnState, namesToRead } from "./state";
import { text } from "./strings";

/** Ready-made actions: chips for a new column, a menu for one that is there. */
export const ActionPicker = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const isNew = state.column === null;
  const names = namesToRead(sheet, state);

  const apply = $((index: number) => {
    const action = ACTIONS[index];
    if (action === undefined) return;
    const all = sheet.columns.map((column) => column.name);
    applyAction(state, action, names, all);
  });
  const about = $((column: string) => {
    const before = state.actionColumn ?? "";
    const action = ACTIONS.find((one) => one.id === state.action);
    const isOurs = action !== undefined && state.draft.prompt === actionPrompt(action, before);
    state.actionColumn = column;
    if (isOurs) state.draft.prompt = actionPrompt(action, column);
  });
  const columns = readableColumns(sheet.columns, state.column);
  const items: MenuItem[] = ACTIONS.map((action, index) => ({
    label: action.label,
    icon: action.icon,
    run$: $(() => apply(index)),
  }));
  return (
    <div class="flex flex-col gap-2">
      {isNew ? (
        <>
          <fieldset>
            {/* A legend in sight takes room twice in WebKit. */}
            <legend class="sr-only">{text.actions.label}</legend>
            <p aria-hidden="true" class="mb-1 text-sm font-medium text-normal">
              {text.actions.label}
            </p>
            <div class="flex flex-wrap gap-1.5">
              {ACTIONS.map((action, index) => (
                <button
                  key={action.id}
                  type="button"
                  aria-pressed={state.action === action.id ? "true" : "false"}
                  data-testid={`inspector-action-${action.id}`}
                  disabled={sheet.readOnly !== null}
                  class={[
                    "inline-flex h-6 items-center gap-1 rounded-full border px-2 text-sm",
                    "hover:bg-hover focus-visible:ring-2 focus-visible:ring-accent",
                    "disabled:opacity-50",
                    state.action === action.id
                      ? "border-accent bg-accent-soft text-accent"
                      : "border-strongline/60 bg-raised text-normal",
                  ]}
                  onClick$={() => apply(index)}
                >
                  <Icon name={action.icon} size={12} />
                  {action.label}
                </button>
              ))}
            </div>
          </fieldset>
          <Select
            label={text.actions.about}
            value={state.actionColumn ?? ""}
            options={[
              ...columns.map((column) => ({ value: column.name, label: column.name })),
              { value: "", label: text.actions.noColumn },
            ]}
            onChange$={about}
            testId="inspector-action-column"
          />
        </>
      ) : (
        <Menu
          label={text.actions.label}
          icon="sparkle"
          showLabel
          size="s"
          items={items}
          disabled={sheet.readOnly !== null}
          testId="inspector-actions"
        />
      )}
      {state.replaced !== null && (
        <p class="flex items-center gap-2 text-sm text-muted" role="status">
          {text.actions.replaced}
          <Button
            size="s"
            variant="ghost"
            icon="undo"
            onClick$={() => {
              if (state.replaced !== null) state.draft = plain(state.replaced);
              state.replaced = null;
            }}
            testId="inspector-undo-action"
          >
            {text.actions.undo}
          </Button>
        </p>
      )}
    </div>
  );
});

/** Fills the draft with an action; what a person had written can be had back. */
function applyAction(
  state: AiColumnState,
  action: Action,
  names: readonly string[],
  taken: readonly string[],
): void {
  const { draft } = state;
  const isOwn = !isUntouched(draft.prompt, names);
  const before = isOwn ? plain(draft) : state.replaced;
  const column = state.actionColumn ?? names[0] ?? "";
  draft.prompt = actionPrompt(action, column);
  // What the output type has no room for stays, for when the person goes back to the other type.
  const { type } = action.output;
  const { outputType, labels, limits, schema, fields } = draftOf({
    prompt: "",
    model: "",
    output: plain(action.output),
  });
  draft.outputType = outputType;
  if (type === "label" || type === "labels") draft.labels = labels;
  if (type === "number") draft.limits = limits;
  if (type === "json") Object.assign(draft, { schema, fields });
  if (state.column === null && !state.isNamed) draft.name = freeName(action.columnName, taken);
  state.action = action.id;
  state.replaced = before;
  state.attempted = false;
}

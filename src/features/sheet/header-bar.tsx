import { $, component$, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ipc } from "~/ipc";
import { formatRelativeTime } from "~/lib/format";
import { Button, Icon, IconButton, Popover } from "~/ui";
import { perform } from "./actions";
import { SheetLock } from "./sheet-lock";
import { goToStep, nextRedo, nextUndo, stepName } from "./steps";
import { text } from "./strings";
import { useSheetTools } from "./tools";

/** The name of the sheet, its steps, and what is done with all of it. */
export const HeaderBar = component$(() => {
  const tools = useSheetTools();
  const { sheet, ui, runs } = tools;
  const readOnly = sheet.readOnly !== null;
  const hasAi = sheet.columns.some((column) => column.kind.kind === "ai");
  const isLive = runs.live.some(({ progress }) => progress.sheet === sheet.info.id);
  const undoStep = nextUndo(ui.steps);
  const redoStep = nextRedo(ui.steps);
  return (
    <header class="flex h-11 shrink-0 items-center gap-1 border-b border-line bg-panel px-2">
      <SheetName />
      <IconButton
        icon="undo"
        label={text.header.undo(undoStep && stepName(undoStep.name))}
        disabled={readOnly || undoStep === null}
        onClick$={() => perform(tools, { do: "undo" })}
        testId="sheet-undo"
      />
      <IconButton
        icon="redo"
        label={text.header.redo(redoStep && stepName(redoStep.name))}
        disabled={readOnly || redoStep === null}
        onClick$={() => perform(tools, { do: "redo" })}
        testId="sheet-redo"
      />
      <StepList />
      <SheetLock />
      <span class="flex-1" />
      <Button
        variant="ghost"
        onClick$={() => perform(tools, { do: "ask", dialog: { kind: "recipe" } })}
        testId="sheet-recipe"
      >
        {text.header.recipe}
      </Button>
      <Button
        variant="ghost"
        onClick$={() => perform(tools, { do: "ask", dialog: { kind: "export" } })}
        testId="sheet-export"
      >
        {text.header.export}
      </Button>
      {isLive ? (
        <Button
          icon="stop"
          title={text.header.stopHint}
          onClick$={() => perform(tools, { do: "stop-runs", column: null })}
          testId="sheet-stop"
        >
          {text.header.stop}
        </Button>
      ) : (
        <Button
          variant="primary"
          icon="play"
          title={hasAi ? text.header.runAllHint : text.header.noAiColumns}
          disabled={readOnly || !hasAi}
          onClick$={() => perform(tools, { do: "run-all" })}
          testId="sheet-run-all"
        >
          {text.header.runAll}
        </Button>
      )}
    </header>
  );
});

/** The name, which is changed where it stands. */
const SheetName = component$(() => {
  const { sheet, app, toasts } = useSheetTools();
  const typed = useSignal<string | null>(null);
  const store = $(async () => {
    const name = typed.value?.trim() ?? "";
    typed.value = null;
    if (name === "" || name === sheet.info.name) return;
    try {
      await ipc.renameSheet(sheet.info.id, name);
      sheet.info.name = name;
      app.sheetsChanged += 1;
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  const shown = typed.value ?? sheet.info.name;
  return (
    <span class="relative mr-1 inline-grid max-w-[min(420px,40vw)] min-w-16 items-center">
      <span class="invisible col-start-1 row-start-1 truncate px-2 text-lg font-semibold whitespace-pre">
        {shown || " "}
      </span>
      <input
        class="col-start-1 row-start-1 h-7 w-full min-w-0 truncate rounded-md bg-transparent px-2 text-lg font-semibold text-strong hover:bg-hover focus:bg-app disabled:hover:bg-transparent"
        aria-label={text.header.name}
        title={sheet.info.name}
        value={shown}
        disabled={sheet.readOnly !== null}
        maxLength={200}
        spellcheck={false}
        data-testid="sheet-name"
        onInput$={(_, input) => {
          typed.value = input.value;
        }}
        onKeyDown$={(event, input) => {
          if (event.isComposing) return;
          if (event.key === "Escape") {
            typed.value = null;
            input.value = sheet.info.name;
          }
          if (event.key === "Enter" || event.key === "Escape") input.blur();
        }}
        onBlur$={store}
      />
    </span>
  );
});

/** Every step that can be taken back or done again. */
const StepList = component$(() => {
  const tools = useSheetTools();
  const { ui, sheet } = tools;
  const open = useSignal(false);
  const newestFirst = [...ui.steps].reverse();
  const current = nextUndo(ui.steps)?.id ?? null;
  return (
    <div class="relative">
      <IconButton
        icon="history"
        label={text.header.steps}
        expanded={open.value}
        onClick$={() => {
          open.value = !open.value;
        }}
        testId="sheet-steps"
      />
      {open.value && (
        <Popover
          open
          label={text.header.steps}
          onClose$={() => {
            open.value = false;
          }}
          testId="sheet-step-list"
          class="w-80"
        >
          <h2 class="mb-2 font-semibold text-strong">{text.header.steps}</h2>
          {newestFirst.length === 0 && <p class="text-muted">{text.header.noSteps}</p>}
          <ol class="scroll-area -mx-1 max-h-80">
            {newestFirst.slice(0, 200).map((step) => (
              <li key={step.id}>
                <button
                  type="button"
                  class={[
                    "flex w-full items-center gap-2 rounded-md px-2 py-1 text-left enabled:hover:bg-hover",
                    step.undone ? "text-faint" : "text-normal",
                  ]}
                  title={step.undone ? text.header.forwardTo : text.header.backTo}
                  aria-current={step.id === current ? "step" : undefined}
                  disabled={sheet.readOnly !== null || step.id === current}
                  onClick$={() => goToStep(tools, step.id)}
                >
                  <span class="inline-flex w-4 shrink-0">
                    {step.id === current && <Icon name="check" size={14} />}
                  </span>
                  <span class={["min-w-0 flex-1 truncate", step.undone ? "line-through" : ""]}>
                    {stepName(step.name)}
                  </span>
                  <span class="shrink-0 text-sm text-faint">
                    {step.undone ? text.header.undone : formatRelativeTime(step.at_ms, Date.now())}
                  </span>
                </button>
              </li>
            ))}
          </ol>
        </Popover>
      )}
    </div>
  );
});

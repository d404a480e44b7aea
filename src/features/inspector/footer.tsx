import { component$, useContext, useTask$ } from "@builder.io/qwik";
import { FailureNotice, sentence, Words } from "~/errors";
import { ipc } from "~/ipc";
import { RunsContext } from "~/state/runs";
import { SheetContext } from "~/state/sheet";
import { Badge, Button, Notice } from "~/ui";
import { CapFields } from "./cap-fields";
import {
  addColumn,
  PREVIEW_ROWS,
  saveRecipe,
  startPreview,
  startRun,
  stopPreview,
} from "./commands";
import { draftOf, plain, recipeOf, recipeOfColumn } from "./draft";
import { EstimateLine } from "./estimate-line";
import { LiveRunCard } from "./live-run";
import { problemText } from "./problem-text";
import { saveEffect } from "./save-effect";
import { ScopePicker } from "./scope-picker";
import {
  AiColumnContext,
  columnOf,
  isScopeReady,
  isUnsaved,
  liveRunOf,
  problemsOf,
  tabOfProblem,
} from "./state";
import { Stopped } from "./stopped-run";
import { text } from "./strings";

/** What can be done with the column, in sight on every tab: try, save, add, run, stop. */
export const Footer = component$(() => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const state = useContext(AiColumnContext);
  const live = liveRunOf(runs, sheet, state.column);
  const isNew = state.column === null;
  return (
    <section
      aria-label={text.footer.label}
      data-testid="inspector-footer"
      class="flex shrink-0 flex-col gap-2 border-t border-line p-3"
    >
      <Problems />
      {live !== undefined && <LiveRunCard live={live} />}
      {live === undefined && <Stopped />}
      {!isNew && <SaveRow />}
      {live === undefined && (
        <>
          <div class="flex flex-wrap items-end gap-2">
            {isNew && <PreviewButton />}
            <ScopePicker />
            {!isNew && <RunButton />}
          </div>
          {state.isRemote && <CapFields />}
          <EstimateLine />
          {isNew && <AddButtons />}
        </>
      )}
    </section>
  );
});

/** What keeps the draft from being used, and what the Rust side refused. */
const Problems = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const problems = state.attempted ? problemsOf(sheet, state) : [];
  const [problem] = problems;
  const { failure } = state;
  const own = columnOf(sheet, state)?.name ?? null;
  if (problem !== undefined) {
    const tab = tabOfProblem(problem);
    return (
      <Notice kind="error" testId="inspector-problem">
        <p class="flex items-center gap-2">
          <span class="min-w-0 flex-1">
            {problemText(problem, own)}
            {problems.length > 1 && ` ${text.footer.more(problems.length - 1)}`}
          </span>
          {sheet.inspectorTab !== tab && (
            <Button
              size="s"
              onClick$={() => {
                sheet.inspectorTab = tab;
              }}
            >
              {text.footer.goToProblem}
            </Button>
          )}
        </p>
      </Notice>
    );
  }
  if (failure === null) return null;
  if (failure.field === "footer") {
    return <FailureNotice failure={failure} testId="inspector-failure" />;
  }
  const tab = failure.field === "model" ? "model" : "prompt";
  if (sheet.inspectorTab === tab) return null;
  return (
    <Notice kind="error" testId="inspector-failure">
      <p class="flex items-center gap-2">
        <span class="min-w-0 flex-1">
          <Words text={sentence(failure.message)} />
        </span>
        <Button
          size="s"
          onClick$={() => {
            sheet.inspectorTab = tab;
          }}
        >
          {failure.field === "model" ? text.model.choose : text.footer.goToProblem}
        </Button>
      </p>
    </Notice>
  );
});

/** Trying the draft, and saving it if it is that of a column that is there. */
const SaveRow = component$(() => {
  const sheet = useContext(SheetContext);
  const runs = useContext(RunsContext);
  const state = useContext(AiColumnContext);
  const isChanged = state.column !== null && isUnsaved(sheet, state);
  const isAlive = liveRunOf(runs, sheet, state.column) !== undefined;
  const isReadOnly = sheet.readOnly !== null;

  // What saving does to cells is worth a query only once there is something to save.
  useTask$(({ track, cleanup }) => {
    const { column } = state;
    const isAsked = track(() => state.column !== null && isUnsaved(sheet, state));
    track(() => [sheet.changed, runs.ended]);
    if (!isAsked || column === null) return;
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
    });
    ipc.columnStats(sheet.info.id, column, { rows: "all" }, 1, 1).then(
      (stats) => {
        if (isCurrent) state.states = stats.states;
      },
      () => {
        if (isCurrent) state.states = null;
      },
    );
  });

  const saved = recipeOfColumn(columnOf(sheet, state));
  const effect =
    isChanged && saved !== null && state.states !== null
      ? saveEffect(plain(saved), recipeOf(state.draft), state.states)
      : { kind: "none" as const };
  return (
    <>
      {isChanged && (
        <p class="text-sm text-muted" role="status" data-testid="inspector-effect">
          <Badge kind="warning" title={text.frame.unsavedHint} testId="inspector-unsaved">
            {text.frame.unsaved}
          </Badge>{" "}
          {isAlive
            ? text.footer.busy
            : effect.kind === "none"
              ? ""
              : effect.kind === "recalibrated"
                ? text.footer.recalibrated
                : text.footer[effect.kind](effect.cells)}
        </p>
      )}
      <div class="flex items-center gap-2">
        <PreviewButton />
        <span class="flex-1" />
        {isChanged && (
          <>
            <Button
              variant="ghost"
              disabled={state.busy !== null}
              onClick$={() => {
                const recipe = recipeOfColumn(columnOf(sheet, state));
                if (recipe !== null) state.draft = draftOf(plain(recipe));
                state.attempted = false;
                state.replaced = null;
                state.failure = null;
              }}
              testId="inspector-discard"
            >
              {text.frame.discard}
            </Button>
            <Button
              busy={state.busy === "save"}
              disabled={isReadOnly || isAlive || state.busy !== null}
              onClick$={async () => {
                await saveRecipe(sheet, state);
              }}
              testId="inspector-save"
            >
              {text.footer.save}
            </Button>
          </>
        )}
      </div>
    </>
  );
});

const PreviewButton = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  return state.previewTask === null ? (
    <Button
      icon="eye"
      disabled={sheet.info.row_count === 0}
      onClick$={() => startPreview(sheet, state)}
      testId="inspector-preview-start"
    >
      {state.isPreviewOpen ? text.preview.again : text.preview.start(PREVIEW_ROWS)}
    </Button>
  ) : (
    <Button icon="stop" onClick$={() => stopPreview(state)} testId="inspector-preview-stop">
      {text.preview.stop}
    </Button>
  );
});

const RunButton = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  return (
    <Button
      variant="primary"
      icon="play"
      busy={state.busy === "run"}
      disabled={sheet.readOnly !== null || state.busy !== null || !isScopeReady(sheet, state)}
      onClick$={() => startRun(sheet, state)}
      testId="inspector-run"
    >
      {isUnsaved(sheet, state) ? text.run.saveAndStart : text.run.start}
    </Button>
  );
});

const AddButtons = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const isOff = sheet.readOnly !== null || state.busy !== null;
  return (
    <div class="flex justify-end gap-2">
      <Button
        disabled={isOff}
        onClick$={() => addColumn(sheet, state, false)}
        testId="inspector-add"
      >
        {text.footer.add}
      </Button>
      <Button
        variant="primary"
        icon="play"
        busy={state.busy === "add"}
        disabled={isOff || !isScopeReady(sheet, state)}
        onClick$={() => addColumn(sheet, state, true)}
        testId="inspector-add-and-run"
      >
        {text.footer.addAndRun}
      </Button>
    </div>
  );
});

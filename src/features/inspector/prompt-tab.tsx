import { component$, useContext, useId } from "@builder.io/qwik";
import { FailureNotice, sentence } from "~/errors";
import { SheetContext } from "~/state/sheet";
import { Button, TextField } from "~/ui";
import { ActionPicker } from "./action-picker";
import { OutputEditor } from "./output-editor";
import { templateProblemText } from "./problem-text";
import { PromptEditor } from "./prompt-editor";
import { AiColumnContext, columnOf, namesToRead, problemsOf } from "./state";
import { text } from "./strings";
import { SystemMessage } from "./system-message";
import { referencesOf, templateProblems, withReference } from "./template";

/** What the model is asked, and what an answer must be. */
export const PromptTab = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { draft, failure } = state;
  const problems = state.attempted ? problemsOf(sheet, state) : [];
  const nameProblem = problems.find((problem) => problem.field === "name");
  const nameError =
    nameProblem?.field === "name"
      ? {
          blank: text.column.nameBlank,
          unusable: text.column.nameUnusable,
          taken: text.column.nameTaken,
        }[nameProblem.why]
      : failure?.field === "name"
        ? sentence(failure.message)
        : undefined;
  return (
    <div class="flex flex-col gap-4">
      {state.column === null && (
        <TextField
          label={text.column.name}
          placeholder={text.column.namePlaceholder}
          value={draft.name}
          onInput$={(value) => {
            state.draft.name = value;
            state.isNamed = value.trim() !== "";
            if (state.failure?.field === "name") state.failure = null;
          }}
          error={nameError}
          testId="inspector-new-name"
        />
      )}
      <ActionPicker />
      <Prompt />
      <OutputEditor />
      <SystemMessage />
    </div>
  );
});

const Prompt = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const errorsId = useId();
  const { prompt } = state.draft;
  const names = namesToRead(sheet, state);
  const own = columnOf(sheet, state)?.name ?? null;
  const problems = templateProblems(prompt, names).filter(
    (problem) => !(state.completing && problem.kind === "unclosed"),
  );
  const isBlank = state.attempted && prompt.trim() === "";
  const isNew = prompt.trim() !== "" && referencesOf(prompt).length === 0;
  return (
    <div class="flex flex-col gap-1.5">
      <PromptEditor
        names={names}
        isInvalid={problems.length > 0 || isBlank}
        describedBy={errorsId}
        disabled={sheet.readOnly !== null}
      />
      <div id={errorsId} class="flex flex-col gap-1 empty:hidden">
        {isBlank && <p class="text-sm text-error">{text.prompt.blank}</p>}
        {problems.map((problem) => (
          <p
            key={JSON.stringify(problem)}
            class="flex flex-wrap items-center gap-2 text-sm text-error"
            data-testid="inspector-prompt-problem"
          >
            {templateProblemText(problem, own)}
            {problem.kind === "unknown" && problem.suggestion !== null && (
              <Meant from={problem.name} to={problem.suggestion} />
            )}
          </p>
        ))}
        {state.failure?.field === "prompt" && (
          <FailureNotice failure={state.failure} hideTitle testId="inspector-prompt-failure" />
        )}
        {isNew && <p class="text-sm text-muted">{text.prompt.noReferences}</p>}
      </div>
    </div>
  );
});

const Meant = component$<{ from: string; to: string }>(({ from, to }) => {
  const state = useContext(AiColumnContext);
  return (
    <Button
      size="s"
      onClick$={() => {
        state.draft.prompt = withReference(state.draft.prompt, from, to);
      }}
      testId="inspector-use-suggestion"
    >
      {text.prompt.meant(to)}
    </Button>
  );
});

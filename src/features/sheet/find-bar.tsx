import { $, component$, type QRL, useSignal, useTask$, useVisibleTask$ } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { formatCount } from "~/lib/format";
import { Button, IconButton, Spinner, TextField } from "~/ui";
import { closeFind, findStep, limitFind, replaceOne, searchSoon } from "./find";
import { text } from "./strings";
import { shownIds, useSheetTools } from "./tools";

/** Finds text in the cells, and replaces it. */
export const FindBar = component$(() => {
  const tools = useSheetTools();
  const { ui, sheet, toasts } = tools;
  const { find } = ui;
  const bar = useSignal<HTMLElement>();

  useTask$(({ track, cleanup }) => {
    track(() => [find.open, find.text, find.matchCase, find.whole, find.regex, find.columns]);
    // Not the columns themselves: a new width must not take anybody away from their match.
    track(() => `${sheet.view?.id} ${shownIds(tools)}`);
    if (!find.open) return;
    cleanup(searchSoon(tools, (thrown) => showFailure(toasts, thrown)));
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus and keys need the element
  useVisibleTask$(({ track, cleanup }) => {
    track(() => find.focused);
    const element = track(bar);
    if (!element) return;
    const input = element.querySelector<HTMLInputElement>("[data-testid=find-text]");
    input?.focus();
    input?.select();
    function onKey(event: KeyboardEvent): void {
      if (event.isComposing) return;
      if (event.key === "Escape") {
        event.preventDefault();
        closeFind(tools);
      } else if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
        event.preventDefault();
        const isReplacement = event.target.dataset.testid === "find-replacement";
        const done = isReplacement ? replaceOne(tools) : findStep(tools, event.shiftKey);
        done.catch((thrown) => showFailure(toasts, thrown));
      }
    }
    element.addEventListener("keydown", onKey);
    cleanup(() => element.removeEventListener("keydown", onKey));
  });

  const step = $((back: boolean) =>
    findStep(tools, back).catch((thrown) => showFailure(toasts, thrown)),
  );
  if (!find.open) return null;
  const none = find.total === null || find.total === 0;
  return (
    <search
      ref={bar}
      aria-label={text.find.label}
      class="flex shrink-0 flex-col gap-1 border-b border-line bg-panel px-2 py-1.5"
      data-testid="sheet-find-bar"
    >
      <div class="flex flex-wrap items-center gap-1">
        <TextField
          label={text.find.text}
          hideLabel
          placeholder={text.find.text}
          icon="search"
          value={find.text}
          onInput$={(value: string) => {
            find.text = value;
          }}
          class="w-56"
          testId="find-text"
        />
        <span
          class="inline-flex min-w-24 items-center px-1 text-sm text-muted tabular-nums"
          aria-live="polite"
          data-testid="find-count"
        >
          {find.searching ? <Spinner label={text.find.searching} size={14} /> : countText(find)}
        </span>
        <IconButton
          icon="chevron-up"
          label={text.find.previous}
          disabled={none}
          onClick$={() => step(true)}
        />
        <IconButton
          icon="chevron-down"
          label={text.find.next}
          disabled={none}
          onClick$={() => step(false)}
        />
        <Toggle
          label={text.find.matchCase}
          mark="Aa"
          pressed={find.matchCase}
          onToggle$={() => {
            find.matchCase = !find.matchCase;
          }}
        />
        <Toggle
          label={text.find.whole}
          mark="="
          pressed={find.whole}
          onToggle$={() => {
            find.whole = !find.whole;
          }}
        />
        <Toggle
          label={text.find.regex}
          mark=".*"
          pressed={find.regex}
          onToggle$={() => {
            find.regex = !find.regex;
          }}
        />
        <IconButton
          icon="columns"
          label={text.find.selected}
          pressed={find.columns !== null}
          onClick$={() => limitFind(tools, find.columns === null)}
        />
        {!find.withReplace && sheet.readOnly === null && (
          <Button
            variant="ghost"
            icon="replace"
            onClick$={() => {
              find.withReplace = true;
            }}
            testId="find-show-replace"
          >
            {text.find.showReplace}
          </Button>
        )}
        <span class="flex-1" />
        <IconButton icon="x" label={text.find.close} onClick$={() => closeFind(tools)} />
      </div>
      {find.withReplace && sheet.readOnly === null && (
        <div class="flex flex-wrap items-center gap-1">
          <TextField
            label={text.find.replacement}
            hideLabel
            placeholder={text.find.replacement}
            icon="replace"
            value={find.replacement}
            onInput$={(value: string) => {
              find.replacement = value;
            }}
            class="w-56"
            testId="find-replacement"
          />
          <Button
            disabled={none}
            onClick$={() => replaceOne(tools).catch((thrown) => showFailure(toasts, thrown))}
            testId="find-replace-one"
          >
            {text.find.replaceOne}
          </Button>
          <Button
            disabled={none}
            onClick$={() => {
              ui.dialog = { kind: "replace" };
            }}
            testId="find-replace-all"
          >
            {text.find.replaceAll}
          </Button>
        </div>
      )}
      {find.problem && (
        <p class="text-sm text-error" role="alert">
          {find.problem}
        </p>
      )}
    </search>
  );
});

function countText(find: { text: string; total: number | null; at: number }): string {
  if (find.text === "" || find.total === null) return "";
  if (find.total === 0) return text.find.none;
  const total = formatCount(find.total);
  return find.at < 0 ? text.find.total(total) : text.find.count(formatCount(find.at + 1), total);
}

interface ToggleProps {
  label: string;
  mark: string;
  pressed: boolean;
  onToggle$: QRL<() => void>;
}

/** A switch that is a few characters. */
const Toggle = component$<ToggleProps>((props) => (
  <button
    type="button"
    class={[
      "inline-flex h-7 min-w-7 items-center justify-center rounded-md px-1 font-mono text-sm hover:bg-hover",
      props.pressed ? "bg-selected text-accent" : "text-muted",
    ]}
    aria-label={props.label}
    aria-pressed={props.pressed ? "true" : "false"}
    title={props.label}
    onClick$={props.onToggle$}
  >
    <span aria-hidden="true">{props.mark}</span>
  </button>
));

import {
  $,
  component$,
  useContext,
  useId,
  useSignal,
  useStore,
  useVisibleTask$,
} from "@builder.io/qwik";
import { Menu, type MenuItem } from "~/ui";
import { caretBox, replaceText } from "./caret";
import { listen } from "./listen";
import { AiColumnContext } from "./state";
import { text } from "./strings";
import {
  type Completion,
  canReference,
  completionAt,
  matchingNames,
  type Piece,
  piecesOf,
  referenceTo,
} from "./template";

export interface PromptEditorProps {
  /** The columns that the prompt may read. */
  names: readonly string[];
  isInvalid: boolean;
  /** The id of the element that says what is wrong. */
  describedBy: string;
  disabled: boolean;
}

/** More names than this are found by typing on. */
const SHOWN_NAMES = 50;

/**
 * The prompt: a plain textarea over a copy of its text that paints the references. Both lie in one
 * cell of a grid, so the copy gives the height and they can never drift apart.
 */
export const PromptEditor = component$<PromptEditorProps>((props) => {
  const id = useId();
  const area = useSignal<HTMLTextAreaElement>();
  const mirror = useSignal<HTMLElement>();
  const list = useSignal<HTMLElement>();
  const open = useStore<{ at: Completion | null; active: number }>({ at: null, active: 0 });
  const state = useContext(AiColumnContext);
  const { prompt } = state.draft;
  const found = open.at === null ? [] : matchingNames(props.names, open.at.typed);
  const shown = found.slice(0, SHOWN_NAMES);

  const choose = $((name: string) => {
    const element = area.value;
    const { at } = open;
    if (!element || at === null) return;
    open.at = null;
    replaceText(element, at.start, at.end, referenceTo(name));
  });
  const insert = $((name: string) => {
    const element = area.value;
    if (!element) return;
    // The menu gives focus back to its button first.
    requestAnimationFrame(() => {
      replaceText(element, element.selectionStart, element.selectionEnd, referenceTo(name));
    });
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: keys of the list must not reach the text
  useVisibleTask$(({ track, cleanup }) => {
    const element = track(area);
    if (!element) return;
    cleanup(
      listen(element, "input", () => {
        const { selectionStart, selectionEnd, value } = element;
        state.draft.prompt = value;
        state.replaced = null;
        if (state.failure?.field === "prompt") state.failure = null;
        open.at = selectionStart === selectionEnd ? completionAt(value, selectionStart) : null;
        open.active = 0;
      }),
    );
    cleanup(
      listen(element, "keydown", (event) => {
        if (open.at === null || event.isComposing) return;
        const names = matchingNames(props.names, open.at.typed).slice(0, SHOWN_NAMES);
        if (event.key === "Escape") {
          event.preventDefault();
          open.at = null;
        } else if (names.length > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
          event.preventDefault();
          const step = event.key === "ArrowDown" ? 1 : names.length - 1;
          open.active = (open.active + step) % names.length;
        } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) {
          const name = names[open.active];
          if (name === undefined) return;
          event.preventDefault();
          void choose(name);
        }
      }),
    );
    cleanup(
      listen(element, "blur", () => {
        open.at = null;
      }),
    );
    cleanup(
      listen(element, "keyup", () => {
        if (open.at === null) return;
        // The arrows to the left and right leave the reference that was being written.
        const at = completionAt(element.value, element.selectionStart);
        if (at === null || at.start !== open.at.start) open.at = null;
      }),
    );
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: a bound value would undo what is typed fast
  useVisibleTask$(({ track }) => {
    const value = track(() => state.draft.prompt);
    const element = area.value;
    if (element && element.value !== value) element.value = value;
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: the list stands where the text is painted
  useVisibleTask$(({ track }) => {
    const at = track(() => open.at);
    track(() => state.draft.prompt);
    state.completing = at !== null;
    const element = list.value;
    if (!element || typeof element.showPopover !== "function") return;
    if (at === null) {
      if (element.matches(":popover-open")) element.hidePopover();
      return;
    }
    if (!element.matches(":popover-open")) element.showPopover();
    const caret = mirror.value ? caretBox(mirror.value, at.start) : null;
    if (caret === null) return;
    const roomBelow = window.innerHeight - caret.bottom;
    const isAbove = roomBelow < element.offsetHeight + 8 && caret.top > roomBelow;
    const top = isAbove ? caret.top - element.offsetHeight - 4 : caret.bottom + 4;
    const left = Math.min(caret.left, window.innerWidth - element.offsetWidth - 8);
    element.style.top = `${Math.max(8, top)}px`;
    element.style.left = `${Math.max(8, left)}px`;
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: the chosen name scrolls into sight
  useVisibleTask$(({ track }) => {
    track(() => open.active);
    list.value?.querySelector("[aria-selected=true]")?.scrollIntoView?.({ block: "nearest" });
  });

  const items: MenuItem[] = props.names.map((name) => ({
    label: name,
    icon: "braces",
    disabled: !canReference(name),
    run$: $(() => insert(name)),
  }));
  const known = new Set(props.names);
  return (
    <div class="flex flex-col gap-1">
      <div class="flex items-center justify-between gap-2">
        <label for={id} class="text-sm font-medium text-normal">
          {text.prompt.label}
        </label>
        <Menu
          label={text.prompt.insert}
          icon="braces"
          showLabel
          variant="ghost"
          size="s"
          align="end"
          items={items}
          disabled={props.disabled || items.length === 0}
          testId="inspector-insert-column"
        />
      </div>
      <div
        class={[
          "scroll-area grid max-h-[40vh] rounded-md border bg-raised text-base leading-5 text-strong focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent",
          props.isInvalid ? "border-error" : "border-strongline",
        ]}
      >
        <div
          ref={mirror}
          aria-hidden="true"
          class="pointer-events-none min-h-28 px-2 py-1.5 break-words whitespace-pre-wrap text-transparent select-none [grid-area:1/1]"
        >
          {piecesOf(prompt).map((piece) => (
            <span key={`${piece.start} ${piece.kind}`} class={lookOf(piece, known)}>
              {prompt.slice(piece.start, piece.end)}
            </span>
          ))}
          {/* An empty last line has height only with something on it. */}
          <span>{"\u200b"}</span>
        </div>
        <textarea
          id={id}
          ref={area}
          disabled={props.disabled}
          placeholder={text.prompt.placeholder}
          spellcheck={false}
          aria-invalid={props.isInvalid ? "true" : undefined}
          aria-describedby={props.describedBy}
          aria-autocomplete="list"
          aria-controls={`${id}-names`}
          aria-activedescendant={
            open.at !== null && shown.length > 0 ? `${id}-name-${open.active}` : undefined
          }
          data-testid="inspector-prompt"
          class="h-full w-full resize-none overflow-hidden bg-transparent px-2 py-1.5 break-words whitespace-pre-wrap outline-none [grid-area:1/1] placeholder:text-muted"
        />
      </div>
      <div
        ref={list}
        id={`${id}-names`}
        popover="manual"
        role="listbox"
        aria-label={text.prompt.completion}
        data-testid="inspector-completion"
        class="scroll-area fixed m-0 max-h-56 max-w-72 min-w-40 rounded-md border border-line bg-raised p-1 text-normal shadow-popover"
      >
        {shown.map((name, index) => (
          <div
            key={name}
            id={`${id}-name-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === open.active ? "true" : "false"}
            preventdefault:mousedown
            class={[
              "cursor-default truncate rounded-sm px-2 py-1",
              index === open.active ? "bg-selected text-strong" : "hover:bg-hover",
            ]}
            onClick$={() => choose(name)}
          >
            {name}
          </div>
        ))}
        {shown.length === 0 && <p class="px-2 py-1 text-sm text-muted">{text.prompt.noMatch}</p>}
      </div>
    </div>
  );
});

/** How a piece is painted: only its ground, the letters are those of the textarea above. */
function lookOf(piece: Piece, known: ReadonlySet<string>): string {
  const pill = "rounded-sm shadow-[0_0_0_1px]";
  if (piece.kind === "broken") return `${pill} bg-error-soft shadow-error/50`;
  if (piece.kind === "escape") return "rounded-sm bg-hover";
  if (piece.kind === "text") return "";
  return known.has(piece.name)
    ? `${pill} bg-accent-soft shadow-accent/40`
    : `${pill} bg-error-soft shadow-error/50`;
}

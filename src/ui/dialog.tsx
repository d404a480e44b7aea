import { component$, type QRL, Slot, useId, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { Button, IconButton } from "./button";
import { rememberFocus } from "./focus";
import { text } from "./strings";

export interface DialogProps {
  open: boolean;
  title: string;
  /** Esc or the close button: the owner sets `open` to false. */
  onClose$: QRL<() => void>;
  width?: "s" | "m" | "l" | "xl" | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

const widths = {
  s: "w-[400px]",
  m: "w-[560px]",
  l: "w-[760px]",
  xl: "w-[1040px]",
} as const;

const controls = [
  "[data-body] :is(input, select, textarea, button, a[href], [tabindex='0']):not(:disabled)",
  "footer button:not(:disabled)",
  "[data-body]",
];

function firstControl(dialog: HTMLElement): HTMLElement | null {
  for (const selector of controls) {
    const found = [...dialog.querySelectorAll<HTMLElement>(selector)];
    const shown = found.find((element) => element.checkVisibility?.() ?? true);
    if (shown) return shown;
  }
  return null;
}

/**
 * A modal dialog. Focus stays inside while it is open and goes back afterwards. The body is the
 * default slot and scrolls; buttons go into the slot "footer".
 */
export const Dialog = component$<DialogProps>((props) => {
  const dialog = useSignal<HTMLDialogElement>();
  const titleId = useId();
  const { onClose$ } = props;

  // The element's own `showModal` makes the rest of the window inert; markup cannot ask for that.
  // biome-ignore lint/correctness/noQwikUseVisibleTask: showModal needs the element
  useVisibleTask$(({ track, cleanup }) => {
    const element = track(dialog);
    if (!element || !track(() => props.open)) return;
    const giveBack = rememberFocus(element);
    if (!element.open) element.showModal?.();
    // Otherwise focus would begin at the close button.
    const wanted = element.querySelector("[autofocus]");
    if (!wanted) firstControl(element)?.focus({ preventScroll: true });
    if (wanted?.matches("input")) (wanted as HTMLInputElement).select();
    function cancel(event: Event) {
      // A file input inside also sends "cancel".
      if (event.target !== element) return;
      event.preventDefault();
      void onClose$();
    }
    element.addEventListener("cancel", cancel);
    cleanup(() => {
      element.removeEventListener("cancel", cancel);
      if (element.open) element.close?.();
      // `close` gives focus back only while the dialog is still in the page.
      giveBack();
    });
  });

  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      data-testid={props.testId}
      class={[
        "m-auto max-h-[min(88vh,820px)] max-w-[calc(100vw-32px)] flex-col overflow-hidden rounded-lg",
        "bg-raised text-normal shadow-dialog ui-appear open:flex",
        widths[props.width ?? "m"],
        props.class,
      ]}
    >
      <header class="flex shrink-0 items-center justify-between gap-4 border-b border-line py-2.5 pr-2.5 pl-4">
        <h2 id={titleId} class="truncate text-lg font-semibold text-strong">
          {props.title}
        </h2>
        <IconButton icon="x" label={text.close} onClick$={onClose$} />
      </header>
      <div data-body tabIndex={-1} class="scroll-area min-h-0 flex-auto p-4 outline-none">
        <Slot />
      </div>
      <footer class="flex shrink-0 flex-wrap items-center justify-end gap-2 border-t border-line bg-panel px-4 py-3 empty:hidden">
        <Slot name="footer" />
      </footer>
    </dialog>
  );
});

export interface ConfirmDialogProps {
  open: boolean;
  title: string;
  body: string;
  /** The text of the button that does it: a verb. */
  confirm: string;
  /** What it does cannot be undone. */
  danger?: boolean | undefined;
  busy?: boolean | undefined;
  onConfirm$: QRL<() => void>;
  onClose$: QRL<() => void>;
  testId?: string | undefined;
}

/** Asks before something that cannot be undone. */
export const ConfirmDialog = component$<ConfirmDialogProps>((props) => (
  <Dialog
    open={props.open}
    title={props.title}
    width="s"
    onClose$={props.onClose$}
    testId={props.testId}
  >
    <p class="select-text whitespace-pre-line">{props.body}</p>
    <Button q:slot="footer" onClick$={props.onClose$} testId="confirm-cancel">
      {text.cancel}
    </Button>
    <Button
      q:slot="footer"
      variant={props.danger ? "danger" : "primary"}
      busy={props.busy}
      onClick$={props.onConfirm$}
      testId="confirm-ok"
    >
      {props.confirm}
    </Button>
  </Dialog>
));

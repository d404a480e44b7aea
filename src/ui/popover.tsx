import { component$, type QRL, Slot, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { type Align, openFloating } from "./floating";
import { hasFocus, rememberFocus } from "./focus";

export interface PopoverProps {
  open: boolean;
  /** Which edge it shares with its parent. */
  anchor?: Align | undefined;
  /** Esc or a press outside: the owner sets `open` to false. */
  onClose$: QRL<() => void>;
  label: string;
  testId?: string | undefined;
  class?: string | undefined;
}

/**
 * A panel under its parent element (give that `relative` and nothing but the button). Focus goes
 * to the first control inside and comes back on Esc. The parent is not "outside": its button may
 * close the popover itself.
 */
export const Popover = component$<PopoverProps>((props) => {
  const panel = useSignal<HTMLElement>();
  const { onClose$ } = props;

  // biome-ignore lint/correctness/noQwikUseVisibleTask: placing and focus need the element
  useVisibleTask$(({ track, cleanup }) => {
    const element = track(panel);
    if (!element || !track(() => props.open)) return;
    const giveBack = rememberFocus(element);
    const owner = element.parentElement ?? element;
    const stop = openFloating(element, {
      anchor: () => owner.getBoundingClientRect(),
      align: props.anchor ?? "start",
      gapPx: 4,
      inside: () => owner,
      onDismiss: () => void onClose$(),
    });
    const first = element.querySelector<HTMLElement>(
      "[autofocus], input:not(:disabled), select:not(:disabled), textarea:not(:disabled), button:not(:disabled), [tabindex='0']",
    );
    (first ?? element).focus({ preventScroll: true });
    cleanup(() => {
      const hadFocus = hasFocus(element);
      stop();
      if (hadFocus) giveBack();
    });
  });

  return (
    <div
      ref={panel}
      popover="manual"
      role="dialog"
      aria-label={props.label}
      tabIndex={-1}
      data-testid={props.testId}
      stoppropagation:click
      class="scroll-area z-50 rounded-md bg-raised text-normal shadow-popover outline-none ui-appear"
    >
      <div class={["p-3", props.class]}>
        <Slot />
      </div>
    </div>
  );
});

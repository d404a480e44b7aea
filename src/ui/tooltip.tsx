import { component$, Slot, useId, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { place } from "./floating";

export interface TooltipProps {
  text: string;
  class?: string | undefined;
}

const delay_ms = 400;

/** Explains what it wraps when the pointer rests on it or it has focus; Esc hides it. */
export const Tooltip = component$<TooltipProps>((props) => {
  const owner = useSignal<HTMLElement>();
  const panel = useSignal<HTMLElement>();
  const id = useId();

  // biome-ignore lint/correctness/noQwikUseVisibleTask: placing and resting need the elements
  useVisibleTask$(({ cleanup }) => {
    if (!owner.value || !panel.value?.showPopover) return;
    const wrapped = owner.value;
    const tip = panel.value;
    const control = wrapped.querySelector("button, a, input, select, textarea, [tabindex]");
    control?.setAttribute("aria-describedby", id);
    let waiting: ReturnType<typeof setTimeout> | undefined;
    function show() {
      if (!wrapped.isConnected || tip.matches(":popover-open")) return;
      tip.showPopover();
      const size = { width: tip.offsetWidth, height: tip.offsetHeight };
      const room = { width: document.documentElement.clientWidth, height: window.innerHeight };
      // The wrapper has no box of its own where it is `contents`.
      const box = (wrapped.firstElementChild ?? wrapped).getBoundingClientRect();
      const at = place(box, size, room, "start", 6);
      tip.style.left = `${at.left}px`;
      tip.style.top = `${at.top}px`;
    }
    function hide() {
      clearTimeout(waiting);
      if (tip.isConnected && tip.matches(":popover-open")) tip.hidePopover();
    }
    function rest() {
      clearTimeout(waiting);
      waiting = setTimeout(show, delay_ms);
    }
    function focus() {
      if (wrapped.querySelector(":focus-visible")) show();
    }
    function key(event: KeyboardEvent) {
      if (event.key === "Escape") hide();
    }
    const listeners = [
      ["mouseenter", rest],
      ["mouseleave", hide],
      ["focusin", focus],
      ["focusout", hide],
      ["pointerdown", hide],
      ["keydown", key],
    ] as const;
    for (const [name, listener] of listeners) {
      wrapped.addEventListener(name, listener as EventListener);
    }
    cleanup(() => {
      hide();
      for (const [name, listener] of listeners) {
        wrapped.removeEventListener(name, listener as EventListener);
      }
    });
  });

  return (
    <span ref={owner} class={["inline-flex min-w-0", props.class]}>
      <Slot />
      <span
        ref={panel}
        id={id}
        popover="manual"
        role="tooltip"
        class="pointer-events-none fixed max-w-72 rounded-sm bg-strong px-2 py-1 text-sm text-app"
      >
        {props.text}
      </span>
    </span>
  );
});

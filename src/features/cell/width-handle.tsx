import { component$, type Signal, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { text } from "./strings";
import { NARROWEST_PX, storeWidthPx, WIDEST_PX, withinLimits } from "./width";

const STEP_PX = 24;

/** The edge of the panel that is dragged; arrow keys move it too. */
export const WidthHandle = component$<{ widthPx: Signal<number> }>(({ widthPx }) => {
  const handle = useSignal<HTMLElement>();

  // biome-ignore lint/correctness/noQwikUseVisibleTask: a drag needs synchronous listeners
  useVisibleTask$(({ cleanup }) => {
    const element = handle.value;
    if (!element) return;
    let begin: { x: number; widthPx: number } | null = null;
    function down(event: PointerEvent) {
      begin = { x: event.clientX, widthPx: widthPx.value };
      element?.setPointerCapture(event.pointerId);
      event.preventDefault();
    }
    function drag(event: PointerEvent) {
      if (begin) widthPx.value = withinLimits(begin.widthPx + begin.x - event.clientX);
    }
    function up() {
      if (begin) storeWidthPx(widthPx.value);
      begin = null;
    }
    function key(event: KeyboardEvent) {
      const steps = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
      if (steps === undefined || event.altKey) return;
      event.preventDefault();
      widthPx.value = withinLimits(widthPx.value + steps * STEP_PX);
      storeWidthPx(widthPx.value);
    }
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", drag);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
    element.addEventListener("keydown", key);
    cleanup(() => {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", drag);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
      element.removeEventListener("keydown", key);
    });
  });

  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is no rule
    <div
      ref={handle}
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={text.resize}
      aria-valuenow={widthPx.value}
      aria-valuemin={NARROWEST_PX}
      aria-valuemax={WIDEST_PX}
      class="absolute inset-y-0 -start-1 z-10 w-2 cursor-col-resize touch-none outline-none after:absolute after:inset-y-0 after:start-[3px] after:w-0.5 after:bg-accent after:opacity-0 hover:after:opacity-60 focus-visible:after:opacity-100"
    />
  );
});

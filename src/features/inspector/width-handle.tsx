import { component$, type Signal, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { listen } from "./listen";
import { text } from "./strings";
import { allowedWidth, GREATEST_WIDTH_PX, LEAST_WIDTH_PX, rememberWidth } from "./width";

/** How far an arrow key moves the edge. */
const STEP_PX = 16;

/** The left edge of the panel, to be dragged or moved with the arrow keys. */
export const WidthHandle = component$<{ widthPx: Signal<number> }>(({ widthPx }) => {
  const handle = useSignal<HTMLElement>();

  // biome-ignore lint/correctness/noQwikUseVisibleTask: a drag needs pointer capture at once
  useVisibleTask$(({ cleanup }) => {
    const element = handle.value;
    if (!element) return;
    let from: { x: number; widthPx: number } | null = null;
    cleanup(
      listen(element, "pointerdown", (event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        element.setPointerCapture(event.pointerId);
        from = { x: event.clientX, widthPx: element.parentElement?.offsetWidth ?? widthPx.value };
      }),
    );
    cleanup(
      listen(element, "pointermove", (event) => {
        if (from !== null) widthPx.value = allowedWidth(from.widthPx + from.x - event.clientX);
      }),
    );
    cleanup(
      listen(element, "lostpointercapture", () => {
        from = null;
        rememberWidth(widthPx.value);
      }),
    );
    cleanup(
      listen(element, "keydown", (event) => {
        const step = { ArrowLeft: STEP_PX, ArrowRight: -STEP_PX }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        widthPx.value = allowedWidth(widthPx.value + step);
        rememberWidth(widthPx.value);
      }),
    );
  });

  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      ref={handle}
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={text.frame.resize}
      aria-valuenow={widthPx.value}
      aria-valuemin={LEAST_WIDTH_PX}
      aria-valuemax={GREATEST_WIDTH_PX}
      data-testid="inspector-resize"
      class="absolute top-0 bottom-0 -left-1 z-10 w-2 cursor-col-resize touch-none hover:bg-accent/30 focus-visible:bg-accent/40"
    />
  );
});

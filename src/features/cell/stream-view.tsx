import { component$, type NoSerialize, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { harmless } from "~/lib/harmless";
import { Spinner } from "~/ui";
import { text as words } from "./strings";

/** What the model writes, as it writes it: straight into the page, once a frame. */
export const StreamView = component$<{ stream: NoSerialize<{ text: string }> }>((props) => {
  const target = useSignal<HTMLElement>();

  // biome-ignore lint/correctness/noQwikUseVisibleTask: tokens go into the element, past the state
  useVisibleTask$(({ track, cleanup }) => {
    const stream = track(() => props.stream);
    const element = target.value;
    if (!element) return;
    let shown = -1;
    let frame = 0;
    function paint() {
      const text = stream?.text ?? "";
      if (element && text.length !== shown) {
        shown = text.length;
        element.textContent = harmless(text);
      }
      frame = requestAnimationFrame(paint);
    }
    paint();
    cleanup(() => cancelAnimationFrame(frame));
  });

  return (
    <div class="flex flex-col gap-2" data-testid="cell-stream">
      <p class="flex items-center gap-2 text-ai">
        <Spinner label="" size={14} />
        {words.running}
      </p>
      <div
        ref={target}
        dir="auto"
        class="break-words whitespace-pre-wrap text-normal [unicode-bidi:isolate]"
      />
    </div>
  );
});

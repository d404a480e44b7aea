import { component$, useContext, useSignal, useTask$ } from "@builder.io/qwik";
import { onAsk } from "~/ipc";
import { AppContext } from "~/state/app";
import { Icon } from "~/ui";
import { text } from "./strings";

/**
 * Covers the window while files hover over it, and hands dropped and opened files to the import.
 */
export const DropOverlay = component$(() => {
  const app = useContext(AppContext);
  const hovering = useSignal<number | null>(null);

  useTask$(({ cleanup }) => {
    cleanup(
      onAsk((ask) => {
        if (ask.ask === "drag") hovering.value = ask.over ? ask.paths.length : null;
        const hasFiles = ask.ask === "open_files" || (ask.ask === "drag" && !ask.over);
        if (hasFiles && ask.paths.length > 0) {
          app.filesToImport = [...app.filesToImport, ...ask.paths];
        }
      }),
    );
  });

  return (
    <>
      {hovering.value !== null && (
        <div
          data-testid="shell-drop"
          class="pointer-events-none fixed inset-0 z-50 flex items-center justify-center bg-app/80 p-6"
        >
          <div class="flex size-full flex-col items-center justify-center gap-2 rounded-lg border-2 border-dashed border-accent bg-accent-soft/60 text-center">
            <Icon name="upload" size={32} class="text-accent" />
            <p class="text-xl font-semibold text-strong">{text.drop}</p>
            <p class="text-muted">{text.dropBody}</p>
            {hovering.value > 0 && <p class="text-muted">{text.dropCount(hovering.value)}</p>}
          </div>
        </div>
      )}
    </>
  );
});

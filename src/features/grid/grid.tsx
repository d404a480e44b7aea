import { component$, noSerialize, type QRL, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import "./grid.css";
import { GridView } from "./grid-view";
import type { GridOptions } from "./types";

/** What `<Grid/>` needs: options made on the client, and the one who takes the mounted view. */
export interface GridProps {
  /** Called once, when the element is on the page. */
  options$: QRL<() => GridOptions>;
  /** Gets the view to set its model on, and null when it is gone. */
  onView$: QRL<(view: GridView | null) => void>;
  class?: string;
}

/** Mounts a `GridView`. Nothing of the grid is rendered by Qwik: cells never cause a render. */
export const Grid = component$<GridProps>((props) => {
  const host = useSignal<HTMLElement>();
  // biome-ignore lint/correctness/noQwikUseVisibleTask: the grid lives in an element of the page
  useVisibleTask$(
    async ({ cleanup }) => {
      const element = host.value;
      if (element === undefined) return;
      let isGone = false;
      let view: GridView | null = null;
      cleanup(() => {
        isGone = true;
        view?.destroy();
        view = null;
        void props.onView$(null);
      });
      const options = await props.options$();
      if (isGone) return;
      view = new GridView(element, options);
      await props.onView$(noSerialize(view) ?? null);
    },
    { strategy: "document-ready" },
  );
  return <div ref={host} class={["grid-host", props.class]} />;
});

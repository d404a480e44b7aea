import { $, component$, useContext, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { IconButton, isLayerOpen, Notice } from "~/ui";
import { AiColumn } from "./ai-column";
import { ColumnTitle } from "./column-title";
import { DataColumn } from "./data-column";
import { listen } from "./listen";
import { text } from "./strings";
import { rememberedWidth } from "./width";
import { WidthHandle } from "./width-handle";

/** The panel of the column that the sheet inspects; nothing while it inspects none. */
export const Inspector = component$(() => {
  const sheet = useContext(SheetContext);
  return <>{sheet.inspector !== null && <Panel key="panel" />}</>;
});

const Panel = component$(() => {
  const sheet = useContext(SheetContext);
  const panel = useSignal<HTMLElement>();
  const widthPx = useSignal(rememberedWidth());
  const column = sheet.columns.find((one) => one.id === sheet.inspector);
  const isNew = sheet.inspector === "new";
  const close = $(() => {
    sheet.inspector = null;
    sheet.grid?.focus();
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: Esc must be heard in the panel only
  useVisibleTask$(({ cleanup }) => {
    const element = panel.value;
    if (!element) return;
    cleanup(
      listen(element, "keydown", (event) => {
        if (event.key !== "Escape" || event.defaultPrevented || isLayerOpen()) return;
        event.preventDefault();
        sheet.grid?.focus();
      }),
    );
  });

  const name = isNew ? text.frame.newTitle : (column?.name ?? "");
  return (
    <aside
      ref={panel}
      aria-label={isNew ? name : text.frame.label(name)}
      data-testid="inspector"
      class="relative flex h-full min-h-0 shrink-0 flex-col border-l border-line bg-panel"
      style={{ width: `min(${widthPx.value}px, 60vw)` }}
    >
      <WidthHandle widthPx={widthPx} />
      <header class="flex min-h-11 shrink-0 items-center gap-2 py-1.5 pr-2 pl-3">
        <ColumnTitle />
        <IconButton icon="x" label={text.frame.close} onClick$={close} testId="inspector-close" />
      </header>
      {sheet.readOnly !== null && (
        <Notice kind="info" class="mx-3 mb-2">
          {text.frame.readOnly}
        </Notice>
      )}
      {isNew && <AiColumn key="new" column={null} />}
      {column?.kind.kind === "ai" && <AiColumn key={`ai ${column.id}`} column={column.id} />}
      {column?.kind.kind === "data" && <DataColumn key={`data ${column.id}`} column={column.id} />}
      {!isNew && column === undefined && (
        <Notice kind="info" class="m-3">
          {text.frame.gone}
        </Notice>
      )}
    </aside>
  );
});

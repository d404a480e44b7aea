import { $, component$, useContext, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { AppContext, goToModels } from "~/state/app";
import { SheetContext } from "~/state/sheet";
import { Button, EmptyState, Icon, IconButton, isLayerOpen, Spinner, Tabs } from "~/ui";
import { HistoryTab } from "./history-tab";
import {
  beginEdit,
  closePanel,
  endEdit,
  move,
  openColumn,
  openLoaded,
  type PanelTab,
  type PanelTools,
  saveEdit,
} from "./panel";
import { PromptTab } from "./prompt-tab";
import { text } from "./strings";
import { usePanel } from "./use-panel";
import { ValueTab } from "./value-tab";
import { storedWidthPx } from "./width";
import { WidthHandle } from "./width-handle";

/**
 * The open cell beside the grid (`sheet.cell`); nothing while none is open. It follows the active
 * cell of the grid, so that one can walk through a column with the arrow keys.
 */
export const CellPanel = component$(() => {
  const sheet = useContext(SheetContext);
  return sheet.cell === null ? null : <OpenCell />;
});

const OpenCell = component$(() => {
  const app = useContext(AppContext);
  const tools = usePanel();
  const { panel, sheet } = tools;
  const region = useSignal<HTMLElement>();
  const widthPx = useSignal(storedWidthPx());

  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus and keys need the element
  useVisibleTask$(({ cleanup }) => {
    const element = region.value;
    if (!element) return;
    element.focus({ preventScroll: true });
    function hear(event: KeyboardEvent) {
      if (!pressed(event, tools)) return;
      event.preventDefault();
      event.stopPropagation();
    }
    element.addEventListener("keydown", hear);
    cleanup(() => element.removeEventListener("keydown", hear));
  });

  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
  useVisibleTask$(({ track }) => {
    track(() => [panel.isSaving, panel.isGenerating, panel.edit, panel.loaded]);
    // A button that takes itself out, or the editor when it closes, leaves focus nowhere; WebKit
    // notices that a frame later.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const { activeElement } = document;
        const isLost = activeElement === null || activeElement === document.body;
        if (isLost || activeElement.matches(":disabled")) {
          region.value?.focus({ preventScroll: true });
        }
      }),
    );
  });

  const column = openColumn(sheet);
  const loaded = openLoaded(panel, sheet);
  const isAi = column?.kind.kind === "ai";
  const position = loaded?.position ?? null;
  const tabs = [
    { id: "value", label: text.value },
    { id: "history", label: text.history },
    ...(isAi ? [{ id: "prompt", label: text.prompt }] : []),
  ];
  const isAboutModel =
    panel.failure?.code === "model_missing" || panel.failure?.code === "model_broken";
  const isBesideInspector = sheet.inspector !== null;
  return (
    <aside
      ref={region}
      tabIndex={-1}
      aria-label={text.region(column?.name ?? "")}
      aria-busy={panel.isLoading ? "true" : undefined}
      data-testid="cell-panel"
      class={[
        "relative flex min-h-0 flex-none flex-col border-line border-s bg-raised outline-none",
        // Grid, cell and inspector side by side need room; else the cell lies over the inspector.
        isBesideInspector &&
          "max-[1240px]:absolute max-[1240px]:inset-y-0 max-[1240px]:end-0 max-[1240px]:z-20 max-[1240px]:shadow-popover",
      ]}
      style={{ width: `min(${widthPx.value}px, calc(100vw - 96px))` }}
    >
      <WidthHandle widthPx={widthPx} />
      <header class="flex h-10 flex-none items-center gap-1 ps-3 pe-1.5">
        <h2 class="flex min-w-0 flex-1 items-center gap-1.5">
          {isAi && <Icon name="sparkle" size={14} class="flex-none text-ai" />}
          <span class="truncate font-semibold text-strong" title={column?.name ?? ""}>
            {column?.name}
          </span>
          <span class="flex-none text-muted tabular-nums" data-testid="cell-row">
            {loaded && (position === null ? text.rowNotShown : text.row(position))}
          </span>
        </h2>
        <IconButton
          icon="arrow-up"
          label={text.previousRow}
          disabled={position === null || position === 0}
          testId="cell-previous"
          onClick$={() => move(tools, -1)}
        />
        <IconButton
          icon="arrow-down"
          label={text.nextRow}
          disabled={position === null || position + 1 >= sheet.rowCount}
          testId="cell-next"
          onClick$={() => move(tools, 1)}
        />
        <IconButton
          icon="x"
          label={text.close}
          testId="cell-close"
          onClick$={() => closePanel(tools)}
        />
      </header>
      <Tabs
        class="px-2"
        tabs={tabs}
        value={panel.tab}
        label={text.tabs}
        testId="cell-tab"
        onChange$={$((tab: string) => {
          panel.tab = tab as PanelTab;
        })}
      />
      <div
        role="tabpanel"
        aria-label={tabs.find((tab) => tab.id === panel.tab)?.label ?? ""}
        class="flex min-h-0 flex-1 flex-col"
      >
        {panel.failure && (
          <FailureNotice failure={panel.failure} class="m-3 mb-0" testId="cell-failure">
            {isAboutModel && (
              <Button
                size="s"
                class="mt-2"
                testId="cell-choose-model"
                onClick$={() => goToModels(app)}
              >
                {text.chooseModel}
              </Button>
            )}
          </FailureNotice>
        )}
        <PanelBody tools={tools} />
      </div>
    </aside>
  );
});

const PanelBody = component$<{ tools: PanelTools }>(({ tools }) => {
  const { panel } = tools;
  if (panel.isGone) {
    return <EmptyState icon="rows" title={text.gone} class="flex-1" />;
  }
  if (!panel.loaded) {
    if (!panel.isLoading) return null;
    return (
      <div class="flex flex-1 items-center justify-center text-muted">
        <Spinner label={text.loading} />
      </div>
    );
  }
  if (panel.tab === "history") return <HistoryTab tools={tools} />;
  if (panel.tab === "prompt") return <PromptTab tools={tools} />;
  return <ValueTab tools={tools} />;
});

/** Does what a key asks for; false when it asks for nothing here. */
function pressed(event: KeyboardEvent, tools: PanelTools): boolean {
  if (event.isComposing || isLayerOpen()) return false;
  const { panel } = tools;
  if (event.key === "Escape") {
    if (panel.edit) endEdit(panel);
    else closePanel(tools);
    return true;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && panel.edit) {
    void saveEdit(tools);
    return true;
  }
  if (event.key === "F2" && !panel.edit) {
    beginEdit(tools);
    return true;
  }
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    void move(tools, event.key === "ArrowUp" ? -1 : 1);
    return true;
  }
  return false;
}

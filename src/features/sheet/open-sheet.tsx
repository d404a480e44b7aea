import {
  component$,
  noSerialize,
  type QRL,
  useContext,
  useContextProvider,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { CellPanel } from "~/features/cell";
import { Inspector } from "~/features/inspector";
import type { ColumnId, OpenedSheet } from "~/ipc";
import { AppContext } from "~/state/app";
import { RunsContext } from "~/state/runs";
import { SheetContext, type SheetState } from "~/state/sheet";
import { ToastContext } from "~/state/toasts";
import { Banners } from "./banners";
import { FilterBar } from "./filter-bar";
import { FindBar } from "./find-bar";
import { HeaderBar } from "./header-bar";
import { readPreferences } from "./preferences";
import { SheetDialogs } from "./sheet-dialogs";
import { SheetGrid } from "./sheet-grid";
import { SqlPanel } from "./sql-panel";
import { StatusBar } from "./status-bar";
import { text } from "./strings";
import { ToolBar } from "./tool-bar";
import { newFind, newWork, type SheetUi, SheetUiContext } from "./tools";
import { useSheetEffects } from "./use-sheet-effects";
import { leaveView } from "./views";

function newSheetState(opened: OpenedSheet): SheetState {
  return {
    info: opened.info,
    columns: opened.columns,
    readOnly: opened.read_only,
    sort: [],
    filter: null,
    view: null,
    rowCount: opened.info.row_count,
    selected: { row: null, column: null, rows: null, columns: [], several: false },
    inspector: null,
    inspectorTab: "prompt",
    newPrompt: "",
    cell: null,
    changed: 0,
    grid: undefined,
  };
}

function newSheetUi(opened: OpenedSheet, fittingPx: Record<ColumnId, number>): SheetUi {
  return {
    ...readPreferences(opened.info.id),
    view: undefined,
    selection: undefined,
    widthsPx: {},
    fittingPx,
    chips: {},
    failed: {},
    steps: [],
    busy: null,
    canStop: false,
    applied: { sort: [], filter: null },
    viewMoved: false,
    menu: null,
    dialog: null,
    condition: null,
    find: newFind(),
    sqlOpen: false,
    statesChanged: 0,
    work: noSerialize(newWork()),
  };
}

interface OpenSheetProps {
  opened: OpenedSheet;
  /** Widths for columns that nobody gave one. */
  fittingPx: Record<ColumnId, number>;
  onReopen$: QRL<() => void>;
}

/** A sheet that was opened: its state, and everything that is shown of it. */
export const OpenSheet = component$<OpenSheetProps>(({ opened, fittingPx, onReopen$ }) => {
  const sheet = useStore<SheetState>(() => newSheetState(opened));
  const ui = useStore<SheetUi>(() => newSheetUi(opened, fittingPx));
  useContextProvider(SheetContext, sheet);
  useContextProvider(SheetUiContext, ui);
  const app = useContext(AppContext);
  const runs = useContext(RunsContext);
  const toasts = useContext(ToastContext);
  const tools = { sheet, ui, app, runs, toasts };

  useSheetEffects(tools);
  useTask$(({ track, cleanup }) => {
    const name = track(() => sheet.info.name);
    const title = text.windowTitle(name);
    document.title = title;
    cleanup(() => {
      // The next sheet may have set its own already.
      if (document.title === title) document.title = text.product;
    });
  });
  useTask$(({ cleanup }) => {
    cleanup(() => {
      if (ui.work) ui.work.left = true;
      leaveView(tools);
    });
  });

  return (
    <section
      class="flex h-full min-w-0 flex-col bg-app"
      aria-label={sheet.info.name}
      data-testid="sheet-screen"
    >
      <HeaderBar />
      <Banners notices={opened.notices} onReopen$={onReopen$} />
      <ToolBar />
      <FilterBar />
      <div class="flex min-h-0 flex-1">
        <div class="relative flex min-w-0 flex-1 flex-col">
          <FindBar />
          <SheetGrid />
          {ui.sqlOpen && <SqlPanel />}
        </div>
        <CellPanel />
        <Inspector />
      </div>
      <StatusBar />
      <SheetDialogs />
    </section>
  );
});

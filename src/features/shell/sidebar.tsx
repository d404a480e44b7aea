import {
  $,
  component$,
  type QRL,
  useContext,
  useSignal,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { overallOf } from "~/features/models";
import { ipc, type SheetInfo } from "~/ipc";
import { AppContext, goHome, goToModels, goToSettings, goToSheet } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { RunsContext } from "~/state/runs";
import { ToastContext } from "~/state/toasts";
import { Icon, IconButton, type IconName, Spinner, shortcutText } from "~/ui";
import { Mark } from "./mark";
import { isSidebarNarrow, rememberSidebar } from "./preferences";
import { recentSheets, sheetActivity } from "./recent";
import { text } from "./strings";

/** Below this width of the window the sidebar is narrow whatever was chosen. */
const wideFrom = "(min-width: 1000px)";

/** Where one is and where one can go. A later screen is one `Entry` more. */
export const Sidebar = component$<{ onPalette$: QRL<() => void> }>(({ onPalette$ }) => {
  const app = useContext(AppContext);
  const runs = useContext(RunsContext);
  const toasts = useContext(ToastContext);
  const sheets = useStore<{ all: SheetInfo[] }>({ all: [] }, { deep: false });
  const chosenNarrow = useSignal(isSidebarNarrow());
  const hasRoom = useSignal(true);
  /** In a small window the wide sidebar is opened for the moment only. */
  const openedSmall = useSignal(false);

  useTask$(({ cleanup }) => {
    const room = window.matchMedia(wideFrom);
    function changed() {
      hasRoom.value = room.matches;
      openedSmall.value = false;
    }
    changed();
    room.addEventListener("change", changed);
    cleanup(() => room.removeEventListener("change", changed));
  });

  useTask$(async ({ track }) => {
    track(() => app.sheetsChanged);
    track(() => app.sheet);
    try {
      sheets.all = await ipc.sheets();
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });

  const narrow = hasRoom.value ? chosenNarrow.value : !openedSmall.value;
  const toggle = $(() => {
    if (hasRoom.value) {
      chosenNarrow.value = !chosenNarrow.value;
      rememberSidebar(chosenNarrow.value);
    } else {
      openedSmall.value = !openedSmall.value;
    }
  });

  return (
    <aside
      data-testid="shell-sidebar"
      data-narrow={narrow ? "true" : "false"}
      class={[
        "flex h-full shrink-0 flex-col border-r border-line bg-panel",
        narrow ? "w-12" : "w-[212px]",
      ]}
    >
      <div
        class={[
          "flex shrink-0 items-center",
          narrow ? "flex-col gap-1 py-2.5" : "h-12 gap-2 pr-2 pl-3",
        ]}
      >
        <Mark />
        {!narrow && (
          <span class="min-w-0 flex-1 truncate text-lg font-semibold tracking-tight text-strong">
            {text.product}
          </span>
        )}
        <IconButton
          icon="sidebar"
          label={narrow ? text.expand : text.collapse}
          onClick$={toggle}
          testId="shell-sidebar-toggle"
        />
      </div>
      <nav aria-label={text.navigation} class="flex min-h-0 flex-1 flex-col px-2 pb-2">
        <Entry
          icon="search"
          label={text.search}
          keys="Ctrl+K"
          narrow={narrow}
          testId="shell-palette"
          onClick$={onPalette$}
        />
        <Entry
          icon="home"
          label={text.home}
          narrow={narrow}
          current={app.screen === "home"}
          testId="shell-home"
          onClick$={() => goHome(app)}
        />
        <ModelsEntry narrow={narrow} />
        <p
          id="recent-sheets"
          class={
            narrow ? "my-2 border-t border-line" : "px-2 pt-4 pb-1 text-xs font-medium text-muted"
          }
        >
          {narrow ? <span class="sr-only">{text.sheets}</span> : text.sheets}
        </p>
        <ul aria-labelledby="recent-sheets" class="scroll-area -mx-1 min-h-0 flex-1 px-1 py-0.5">
          {recentSheets(sheets.all, app.sheet).map((sheet) => (
            <li key={sheet.id}>
              <Entry
                icon="table"
                label={sheet.name}
                narrow={narrow}
                current={app.screen === "sheet" && app.sheet === sheet.id}
                activity={sheetActivity(runs.live, sheet.id)}
                testId="shell-sheet"
                onClick$={() => goToSheet(app, sheet.id)}
              />
            </li>
          ))}
          {sheets.all.length === 0 && !narrow && (
            <li class="px-2 py-1 text-sm text-faint">{text.noSheets}</li>
          )}
        </ul>
        <Entry
          icon="settings"
          label={text.settings}
          keys="Ctrl+,"
          narrow={narrow}
          current={app.screen === "settings"}
          testId="shell-settings"
          onClick$={() => goToSettings(app)}
        />
      </nav>
    </aside>
  );
});

/** The way to the models, with how far the downloads are while there are any. */
const ModelsEntry = component$<{ narrow: boolean }>(({ narrow }) => {
  const app = useContext(AppContext);
  const models = useContext(ModelsContext);
  const overall = overallOf(models.downloads);
  return (
    <Entry
      icon="model"
      label={text.models}
      narrow={narrow}
      current={app.screen === "models"}
      activity={overall && "running"}
      state={overall ? text.downloading(overall.count, overall.percent) : undefined}
      figure={overall ? text.percent(overall.percent) : undefined}
      testId="shell-models"
      onClick$={() => goToModels(app)}
    />
  );
});

interface EntryProps {
  icon: IconName;
  label: string;
  narrow: boolean;
  keys?: string;
  current?: boolean;
  activity?: "running" | "waiting" | null;
  /** What goes on, in words, where it is not a run. */
  state?: string | undefined;
  /** How far that is. */
  figure?: string | undefined;
  testId: string;
  onClick$: QRL<() => void>;
}

const activities = { running: text.sheetRunning, waiting: text.sheetWaiting };

const Entry = component$<EntryProps>((props) => {
  const { label, activity, narrow } = props;
  const state = props.state ?? (activity ? activities[activity] : "");
  const name = state ? `${label}, ${state}` : label;
  const keys = props.keys ? ` (${shortcutText(props.keys)})` : "";
  return (
    <button
      type="button"
      aria-label={narrow ? name : undefined}
      aria-current={props.current ? "page" : undefined}
      title={`${name}${keys}`}
      data-testid={props.testId}
      class={[
        "group flex h-7 w-full items-center gap-2 rounded-md text-left",
        "aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-strong",
        "text-normal hover:bg-hover",
        narrow ? "justify-center" : "px-2",
      ]}
      onClick$={props.onClick$}
    >
      <span class="inline-flex w-4 shrink-0 justify-center text-muted group-aria-[current=page]:text-accent">
        {activity === "running" ? (
          <Spinner label="" size={14} class="text-accent" />
        ) : (
          <Icon name={activity === "waiting" ? "clock" : props.icon} />
        )}
      </span>
      {!narrow && <span class="min-w-0 flex-1 truncate">{label}</span>}
      {!narrow && state && <span class="sr-only">, {state}</span>}
      {!narrow && props.figure && (
        <span
          aria-hidden="true"
          class="text-xs text-muted tabular-nums"
          data-testid={`${props.testId}-figure`}
        >
          {props.figure}
        </span>
      )}
      {!narrow && props.keys && (
        <span aria-hidden="true" class="text-xs text-faint">
          {shortcutText(props.keys)}
        </span>
      )}
    </button>
  );
});

import {
  $,
  component$,
  type QRL,
  type Signal,
  useContext,
  useSignal,
  useVisibleTask$,
} from "@builder.io/qwik";
import type { SheetInfo } from "~/ipc";
import { formatDateTime, formatRelativeTime } from "~/lib/format";
import { AppContext, goToSheet } from "~/state/app";
import { RunsContext } from "~/state/runs";
import { ToastContext } from "~/state/toasts";
import { Badge, ContextMenu, Icon, Menu, type MenuItem, Progress } from "~/ui";
import { deleteSheet, duplicateSheet, renameSheet } from "./actions";
import type { HomeState } from "./home-state";
import { settleName } from "./list-keys";
import { sizeText } from "./sheet-order";
import { sheetRuns } from "./sheet-runs";
import { text } from "./strings";

/** The columns of the list; head and lines share them. */
export const lineColumns =
  "grid grid-cols-[minmax(0,1fr)_12rem_2.25rem] items-center gap-3 px-3 min-[900px]:grid-cols-[minmax(0,1fr)_12rem_13rem_8.5rem_2.25rem]";

export interface SheetItemProps {
  sheet: SheetInfo;
  state: HomeState;
  now: Signal<number>;
}

/** One sheet of the list. The whole line opens it. */
export const SheetItem = component$<SheetItemProps>(({ sheet, state, now }) => {
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const runs = useContext(RunsContext);
  const menuAt = useSignal<{ x: number; y: number } | null>(null);

  const items: MenuItem[] = [
    {
      label: text.open,
      icon: "table",
      shortcut: "Enter",
      testId: "home-sheet-menu-open",
      run$: $(() => goToSheet(app, sheet.id)),
    },
    {
      label: text.rename,
      icon: "pencil",
      shortcut: "F2",
      testId: "home-sheet-menu-rename",
      run$: $(() => {
        state.renaming = sheet.id;
      }),
    },
    {
      label: text.duplicate,
      icon: "copy",
      testId: "home-sheet-menu-duplicate",
      run$: $(() => duplicateSheet(app, toasts, sheet)),
    },
    {
      label: text.delete,
      icon: "trash",
      shortcut: "Del",
      danger: true,
      separatorBefore: true,
      testId: "home-sheet-menu-delete",
      run$: $(() => deleteSheet(app, toasts, sheet)),
    },
  ];

  const running = sheetRuns(sheet.id, runs.live);
  const isUnfinished = !running && runs.unfinished.some((found) => found.sheet.id === sheet.id);
  return (
    <li
      class={[
        lineColumns,
        "relative h-11 border-b border-line last:border-b-0 hover:bg-hover has-[[data-sheet]:focus-visible]:bg-selected",
      ]}
      data-testid="home-sheet"
      preventdefault:contextmenu
      onContextMenu$={(event) => {
        menuAt.value = { x: event.clientX, y: event.clientY };
      }}
    >
      <div class="flex min-w-0 items-center gap-2.5">
        <Icon name="table" class="text-muted" />
        {state.renaming === sheet.id ? (
          <NameField
            sheet={sheet}
            onDone$={async (name) => {
              state.renaming = null;
              if (name !== null) await renameSheet(app, toasts, sheet, name);
            }}
          />
        ) : (
          <button
            type="button"
            data-sheet={sheet.id}
            data-testid="home-sheet-open"
            title={sheet.name}
            class="min-w-0 truncate text-left font-medium text-strong outline-none after:absolute after:inset-0 focus-visible:after:rounded-md focus-visible:after:ring-2 focus-visible:after:ring-accent focus-visible:after:ring-inset"
            onClick$={() => goToSheet(app, sheet.id)}
          >
            <bdi>{sheet.name}</bdi>
          </button>
        )}
        {sheet.local_only && (
          <span title={text.localOnly} class="inline-flex text-success" data-testid="home-locked">
            <Icon name="lock" size={14} />
            <span class="sr-only">{text.localOnly}</span>
          </span>
        )}
        {isUnfinished && (
          <Badge kind="warning" title={text.unfinishedHint}>
            {text.unfinished}
          </Badge>
        )}
      </div>
      <div class="hidden min-w-0 min-[900px]:block" data-testid="home-sheet-runs">
        {running && (
          <div class="flex flex-col gap-1">
            <div class="flex justify-between gap-2 text-xs">
              <span class="truncate text-ai">{running.label}</span>
              <span class="shrink-0 text-muted tabular-nums">{running.detail}</span>
            </div>
            <Progress
              value={running.fraction}
              label={`${sheet.name}: ${running.label}`}
              class={running.isPaused ? "opacity-60" : ""}
            />
          </div>
        )}
      </div>
      {running && (
        <span class="truncate text-sm text-ai tabular-nums min-[900px]:hidden">
          {running.label} · {running.detail}
        </span>
      )}
      <span
        class={[
          "truncate text-muted tabular-nums max-[899px]:text-sm",
          running ? "max-[899px]:hidden" : "",
        ]}
      >
        {sizeText(sheet)}
      </span>
      <time
        class="hidden truncate text-muted min-[900px]:block"
        dateTime={new Date(sheet.changed_at_ms).toISOString()}
        title={formatDateTime(sheet.changed_at_ms)}
      >
        {formatRelativeTime(sheet.changed_at_ms, now.value)}
      </time>
      <Menu
        class="z-10 justify-self-end"
        items={items}
        label={text.menuFor(sheet.name)}
        icon="more"
        align="end"
        testId="home-sheet-menu"
      />
      <ContextMenu
        at={menuAt.value}
        items={items}
        label={text.menuFor(sheet.name)}
        onClose$={() => {
          menuAt.value = null;
        }}
      />
    </li>
  );
});

const NameField = component$<{ sheet: SheetInfo; onDone$: QRL<(name: string | null) => void> }>(
  (props) => {
    const field = useSignal<HTMLInputElement>();
    const { sheet, onDone$ } = props;
    // biome-ignore lint/correctness/noQwikUseVisibleTask: the name is selected as the field appears
    useVisibleTask$(({ cleanup }) => {
      const input = field.value;
      if (!input) return;
      const list = input.closest("ul");
      const end = settleName(input, async (name, byKey) => {
        await onDone$(name);
        if (!byKey) return;
        requestAnimationFrame(() => {
          list?.querySelector<HTMLElement>(`[data-sheet="${CSS.escape(sheet.id)}"]`)?.focus();
        });
      });
      cleanup(end);
    });
    return (
      <input
        ref={field}
        class="relative z-10 h-7 w-full min-w-0 rounded-md border border-strongline bg-raised px-2 text-strong"
        value={sheet.name}
        aria-label={text.renameLabel(sheet.name)}
        spellcheck={false}
        data-testid="home-sheet-name"
      />
    );
  },
);

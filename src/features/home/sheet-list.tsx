import {
  component$,
  type Signal,
  useComputed$,
  useContext,
  useSignal,
  useVisibleTask$,
} from "@builder.io/qwik";
import { AppContext, goToSheet } from "~/state/app";
import { remember, remembered } from "~/state/remembered";
import { ToastContext } from "~/state/toasts";
import { Button, EmptyState, Select, TextField } from "~/ui";
import { deleteSheet } from "./actions";
import { type HomeState, SHEETS_AT_ONCE } from "./home-state";
import { hearListKeys } from "./list-keys";
import { lineColumns, SheetItem } from "./sheet-item";
import { sheetOrder, sheetOrders, shownSheets } from "./sheet-order";
import { text } from "./strings";

/** Remembers the order between starts. */
const ORDER_KEY = "braincells.home.order";

/** The order that was chosen last in this window. */
export function rememberedOrder() {
  return sheetOrder(remembered(ORDER_KEY));
}

/** The sheets with search and order; arrow keys move in it. */
export const SheetList = component$<{ state: HomeState; now: Signal<number> }>((props) => {
  const { state, now } = props;
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const host = useSignal<HTMLElement>();
  const shown = useComputed$(() => shownSheets(state.sheets, state.search, state.order));

  // biome-ignore lint/correctness/noQwikUseVisibleTask: arrow keys must not scroll the page
  useVisibleTask$(({ cleanup }) => {
    if (!host.value) return;
    const deaf = hearListKeys(host.value, {
      rename: (id) => {
        state.renaming = id;
      },
      remove: async (id) => {
        const sheet = state.sheets.find((info) => info.id === id);
        if (sheet) await deleteSheet(app, toasts, sheet);
      },
    });
    cleanup(deaf);
  });

  const more = shown.value.length - state.most;
  return (
    <section ref={host} class="flex flex-col gap-2" aria-label={text.listLabel}>
      <div class="flex items-end gap-2">
        <TextField
          class="w-64 max-w-full"
          label={text.search}
          hideLabel
          type="search"
          icon="search"
          value={state.search}
          placeholder={text.searchPlaceholder}
          onInput$={(value: string) => {
            state.search = value;
            state.most = SHEETS_AT_ONCE;
          }}
          onEnter$={() => {
            const [first] = shown.value;
            if (first && state.search.trim() !== "") goToSheet(app, first.id);
          }}
          testId="home-search"
        />
        <span class="ml-auto self-center text-muted tabular-nums" aria-live="polite">
          {text.count(shown.value.length)}
        </span>
        <Select
          class="w-36"
          label={text.sort}
          hideLabel
          value={state.order}
          options={sheetOrders.map((order) => ({ value: order, label: text.sorts[order] }))}
          onChange$={(value: string) => {
            state.order = sheetOrder(value);
            remember(ORDER_KEY, state.order);
          }}
          testId="home-sort"
        />
      </div>
      {shown.value.length === 0 ? (
        <EmptyState icon="search" title={text.noMatch(state.search.trim())}>
          <Button
            onClick$={() => {
              state.search = "";
            }}
          >
            {text.clearSearch}
          </Button>
        </EmptyState>
      ) : (
        <div class="rounded-md border border-line bg-panel">
          <div
            class={[lineColumns, "h-7 border-b border-line text-xs text-muted"]}
            aria-hidden="true"
          >
            <span>{text.columnName}</span>
            <span class="hidden min-[900px]:block" />
            <span>{text.columnSize}</span>
            <span class="hidden min-[900px]:block">{text.columnChanged}</span>
            <span />
          </div>
          <ul class="flex flex-col">
            {shown.value.slice(0, state.most).map((sheet) => (
              <SheetItem key={sheet.id} sheet={sheet} state={state} now={now} />
            ))}
          </ul>
        </div>
      )}
      {more > 0 && (
        <Button
          class="self-center"
          onClick$={() => {
            state.most += SHEETS_AT_ONCE;
          }}
        >
          {text.showMore(Math.min(more, SHEETS_AT_ONCE))}
        </Button>
      )}
    </section>
  );
});

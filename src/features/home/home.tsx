import {
  $,
  component$,
  type QRL,
  useContext,
  useSignal,
  useStore,
  useTask$,
} from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { pickAndImport, pickFolderAndImport } from "~/features/import";
import { AppContext } from "~/state/app";
import { RunsContext } from "~/state/runs";
import { ToastContext } from "~/state/toasts";
import { Button, Icon, Menu, Spinner } from "~/ui";
import { createEmpty, startExample } from "./actions";
import { HomeModel } from "./home-model";
import { type HomeState, loadSheets, newHome } from "./home-state";
import { PasteDialog } from "./paste-dialog";
import { rememberedOrder, SheetList } from "./sheet-list";
import { text } from "./strings";
import { TrashSection } from "./trash-section";
import { Welcome } from "./welcome";

/** "2 minutes ago" is said anew this often. */
const CLOCK_MS = 30_000;

/** The screen of all sheets: begin a new one, find and open one, bring one back. */
export const Home = component$(() => {
  const app = useContext(AppContext);
  const runs = useContext(RunsContext);
  const state = useStore<HomeState>(newHome(rememberedOrder()));
  const now = useSignal(Date.now());
  const isPasting = useSignal(false);
  const attempt = useSignal(0);

  useTask$(({ track, cleanup }) => {
    track(() => [app.sheetsChanged, runs.ended, attempt.value]);
    let isWanted = true;
    cleanup(() => {
      isWanted = false;
    });
    void loadSheets(state, () => isWanted).then(() => {
      now.value = Date.now();
    });
  });

  useTask$(({ cleanup }) => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, CLOCK_MS);
    cleanup(() => clearInterval(timer));
  });

  const paste = $(() => {
    isPasting.value = true;
  });
  const hasSheets = state.sheets.length > 0;
  return (
    <div class="min-h-0 flex-1 overflow-y-auto bg-app" data-testid="home">
      <div class="mx-auto flex min-h-full w-full max-w-[1080px] flex-col gap-5 px-6 py-5">
        <header class="flex min-h-8 flex-wrap items-center gap-2">
          <h1 class="mr-auto text-xl font-semibold text-strong">{text.title}</h1>
          {hasSheets && <Actions state={state} onPaste$={paste} />}
        </header>
        {state.status === "loading" && <Spinner class="mx-auto mt-16" label={text.loading} />}
        {state.failure && (
          <div class="flex flex-col items-start gap-3">
            <FailureNotice failure={state.failure} testId="home-failure" />
            <Button
              icon="retry"
              onClick$={() => {
                attempt.value += 1;
              }}
            >
              {text.retry}
            </Button>
          </div>
        )}
        {state.status === "ready" && <HomeModel state={state} />}
        {state.status === "ready" && !hasSheets && <Welcome state={state} onPaste$={paste} />}
        {hasSheets && <SheetList state={state} now={now} />}
        {state.status !== "loading" && (
          <p class="flex items-center justify-center gap-2 rounded-lg border border-dashed border-strongline/60 px-4 py-3 text-muted">
            <Icon name="upload" size={14} />
            <span>{text.dropHint}</span>
            <span class="hidden text-sm min-[700px]:inline">{text.formats}</span>
          </p>
        )}
        <TrashSection state={state} now={now} />
      </div>
      <PasteDialog
        open={isPasting.value}
        onClose$={() => {
          isPasting.value = false;
        }}
      />
    </div>
  );
});

const Actions = component$<{ state: HomeState; onPaste$: QRL<() => void> }>((props) => {
  const { state, onPaste$ } = props;
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  return (
    <>
      <Button
        icon="sparkle"
        variant="ghost"
        busy={state.busy === "example"}
        onClick$={() => startExample(state, app, toasts)}
        testId="home-example"
      >
        {text.example}
      </Button>
      <Button icon="clipboard" onClick$={onPaste$} testId="home-paste">
        {text.paste}
      </Button>
      <Button
        icon="plus"
        busy={state.busy === "new"}
        onClick$={() => createEmpty(state, app, toasts)}
        testId="home-new"
      >
        {text.newSheet}
      </Button>
      <Button
        icon="upload"
        variant="primary"
        onClick$={() => pickAndImport(app, toasts)}
        testId="home-import"
      >
        {text.import}
      </Button>
      <Menu
        icon="more"
        label={text.more}
        align="end"
        items={[
          {
            label: text.importFolder,
            icon: "folder",
            testId: "home-import-folder",
            run$: $(() => pickFolderAndImport(app, toasts)),
          },
        ]}
        testId="home-more"
      />
    </>
  );
});

import {
  $,
  component$,
  useComputed$,
  useContext,
  useContextProvider,
  useSignal,
  useStore,
  useTask$,
  useVisibleTask$,
} from "@builder.io/qwik";
import type { ColumnId, Recipe } from "~/ipc";
import { endpointIds, remoteModel } from "~/lib/model-names";
import { AppContext } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { RunsContext } from "~/state/runs";
import { type InspectorTab, SheetContext } from "~/state/sheet";
import { Tabs } from "~/ui";
import { stopPreview } from "./commands";
import { draftOf, isChanged, isSameRecipe, plain, recipeOfColumn } from "./draft";
import { dropDraft, keepDraft } from "./drafts";
import { ExamplesTab } from "./examples-tab";
import { FinalTab } from "./final-tab";
import { Footer } from "./footer";
import { findActionColumn, firstState, loadModels, loadRuns } from "./loading";
import { ModelTab } from "./model-tab";
import { PreviewResults } from "./preview-results";
import { PromptTab } from "./prompt-tab";
import { RunsTab } from "./runs-tab";
import { AiColumnContext, type AiColumnState, columnOf, liveRunOf } from "./state";
import { text } from "./strings";
import { referencesOf } from "./template";

const TAB_IDS: readonly InspectorTab[] = ["prompt", "model", "examples", "runs", "final"];

/** How an AI column is made: of one that is there, or of one that is to be added. */
export const AiColumn = component$<{ column: ColumnId | null }>((props) => {
  const sheet = useContext(SheetContext);
  const app = useContext(AppContext);
  const runs = useContext(RunsContext);
  const models = useContext(ModelsContext);
  const state = useStore<AiColumnState>(() => firstState(sheet, props.column, app.settings.model));
  useContextProvider(AiColumnContext, state);

  useTask$(({ track }) => {
    // A refusal because of the model means that the files are not what they were.
    track(() => state.failure?.field === "model" || state.previewFailure?.field === "model");
    track(() => models.changed);
    void loadModels(state, app.settings.model);
  });

  useTask$(({ track }) => {
    const model = track(() => state.draft.model || app.settings.model);
    const endpoints = track(() => endpointIds(app.settings));
    state.isRemote = remoteModel(model, endpoints) !== null;
  });

  useTask$(() => {
    if (props.column === null) void findActionColumn(sheet, state);
  });

  useTask$(({ track }) => {
    // A template can be chosen elsewhere while the panel of the new column is open.
    const prompt = track(() => sheet.newPrompt);
    if (props.column !== null || prompt === "") return;
    state.draft.prompt = prompt;
    const [read] = referencesOf(prompt);
    if (sheet.columns.some((column) => column.name === read)) state.actionColumn = read ?? null;
    sheet.newPrompt = "";
  });

  // The list of live runs is renewed several times a second; which run is alive changes rarely.
  const liveRun = useComputed$(() => liveRunOf(runs, sheet, props.column)?.progress.run ?? null);
  useTask$(({ track }) => {
    track(liveRun);
    track(() => [runs.ended, sheet.changed]);
    if (props.column !== null) void loadRuns(sheet, state);
  });

  // Undo and the renaming of columns change recipes: a draft without changes follows.
  const followed = useSignal<Recipe | null>(null);
  useTask$(({ track }) => {
    const saved = track(() => plain(recipeOfColumn(columnOf(sheet, state))));
    const before = followed.value;
    followed.value = saved;
    if (saved === null || before === null || isSameRecipe(before, saved)) return;
    if (!isChanged(state.draft, before)) state.draft = draftOf(saved);
  });

  useTask$(({ track }) => {
    const draft = track(() => plain(state.draft));
    const saved = plain(recipeOfColumn(columnOf(sheet, state)));
    const isWorthKeeping = saved === null ? draft.prompt.trim() !== "" : isChanged(draft, saved);
    if (isWorthKeeping) keepDraft(sheet.info.id, props.column ?? "new", draft);
    else dropDraft(sheet.info.id, props.column ?? "new");
  });

  useTask$(({ cleanup }) => {
    cleanup(() => stopPreview(state));
  });

  const panel = useSignal<HTMLElement>();
  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
  useVisibleTask$(() => {
    if (props.column !== null) return;
    // The menu or the palette that asked for the column gives the focus back first.
    requestAnimationFrame(() => {
      const name = panel.value?.querySelector("input");
      name?.focus({ preventScroll: true });
      name?.select();
    });
  });

  const choose = $((id: string) => {
    const tab = TAB_IDS.find((one) => one === id);
    if (tab !== undefined) sheet.inspectorTab = tab;
  });
  const { inspectorTab } = sheet;
  return (
    <div class="flex min-h-0 flex-1 flex-col">
      <Tabs
        label={text.tabs.label}
        tabs={TAB_IDS.map((id) => ({ id, label: text.tabs[id] }))}
        value={inspectorTab}
        onChange$={choose}
        testId="inspector-tab"
        class="px-2"
      />
      <div
        ref={panel}
        role="tabpanel"
        aria-label={text.tabs[inspectorTab]}
        class="scroll-area min-h-0 flex-1 p-3"
        data-testid={`inspector-panel-${inspectorTab}`}
      >
        {inspectorTab === "prompt" && <PromptTab />}
        {inspectorTab === "model" && <ModelTab />}
        {inspectorTab === "examples" && <ExamplesTab />}
        {inspectorTab === "runs" && <RunsTab />}
        {inspectorTab === "final" && <FinalTab />}
      </div>
      <PreviewResults />
      <Footer />
    </div>
  );
});

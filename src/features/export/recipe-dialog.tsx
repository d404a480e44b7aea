import { component$, type QRL, useContext, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { ToastContext } from "~/state/toasts";
import { Button, Dialog, Tabs } from "~/ui";
import { RecipeSaveBody } from "./recipe-save-body";
import {
  aiColumns,
  copyRecipe,
  loadYaml,
  type RecipeSave,
  savedNames,
  saveRecipe,
  wholeRecipe,
} from "./recipe-save-state";
import { RecipeUseBody } from "./recipe-use-body";
import {
  addRecipe,
  canAdd,
  checkRecipe,
  loadModels,
  noRecipe,
  type RecipeUse,
} from "./recipe-use-state";
import { recipeText as text } from "./strings";

/** Typing a name makes one check, not one for each letter. */
const DELAY_MS = 200;

/** What the dialog shows. */
export type RecipeTab = "save" | "use";

export interface RecipeDialogProps {
  open: boolean;
  onClose$: QRL<() => void>;
  /** Where it begins; by default with saving, if there is something to save. */
  tab?: RecipeTab | undefined;
}

/** The recipe of the open sheet's AI columns as a file, and recipe files for the open sheet. */
export const RecipeDialog = component$<RecipeDialogProps>((props) => {
  const sheet = useContext(SheetContext);
  const toasts = useContext(ToastContext);
  const { onClose$ } = props;
  const tab = useSignal<RecipeTab>("save");
  const save = useStore<RecipeSave>(wholeRecipe());
  const use = useStore<RecipeUse>(noRecipe());

  useTask$(({ track }) => {
    if (!track(() => props.open)) return;
    tab.value = props.tab ?? (aiColumns(sheet).length > 0 ? "save" : "use");
    Object.assign(save, wholeRecipe());
    Object.assign(use, noRecipe());
    void loadModels(use, toasts);
  });

  useTask$(({ track, cleanup }) => {
    const isDue = track(() => props.open && tab.value === "save");
    track(() => [savedNames(save, sheet).join("\n"), save.withExamples]);
    if (!isDue) return;
    cleanup(later((isWanted) => loadYaml(save, sheet, isWanted)));
  });

  useTask$(({ track, cleanup }) => {
    const isDue = track(() => props.open && use.path !== null);
    track(() => JSON.stringify([use.path, use.mapping, use.model]));
    if (!isDue) return;
    cleanup(later((isWanted) => checkRecipe(use, sheet, isWanted)));
  });

  return (
    <Dialog
      open={props.open}
      title={text.title}
      width="l"
      onClose$={() => {
        if (!use.isAdding && !save.isSaving) return onClose$();
      }}
      testId="recipe-dialog"
    >
      {props.open && (
        <div class="flex flex-col gap-4">
          <p class="text-muted">{text.what}</p>
          <Tabs
            label={text.tabs}
            tabs={[
              { id: "save", label: text.tabExport },
              { id: "use", label: text.tabImport },
            ]}
            value={tab.value}
            onChange$={(id: string) => {
              tab.value = id === "use" ? "use" : "save";
            }}
            testId="recipe-tab"
          />
          <div
            role="tabpanel"
            aria-label={tab.value === "save" ? text.tabExport : text.tabImport}
            class="min-h-64"
          >
            {tab.value === "save" ? (
              <RecipeSaveBody save={save} sheet={sheet} />
            ) : (
              <RecipeUseBody use={use} sheet={sheet} />
            )}
          </div>
        </div>
      )}
      <div q:slot="footer" class="flex items-center gap-2">
        <Button onClick$={onClose$} testId="recipe-close">
          {text.close}
        </Button>
        {tab.value === "save" && (
          <>
            <Button
              icon="copy"
              disabled={save.yaml === null}
              onClick$={() => copyRecipe(save, toasts)}
              testId="recipe-copy"
            >
              {text.copy}
            </Button>
            <Button
              variant="primary"
              icon="download"
              busy={save.isSaving}
              disabled={save.yaml === null}
              onClick$={async () => {
                if (await saveRecipe(save, sheet, toasts)) await onClose$();
              }}
              testId="recipe-save"
            >
              {text.save}
            </Button>
          </>
        )}
        {tab.value === "use" && use.path !== null && (
          <Button
            variant="primary"
            icon="plus"
            busy={use.isAdding}
            disabled={!canAdd(use, sheet)}
            onClick$={async () => {
              if (await addRecipe(use, sheet, toasts)) await onClose$();
            }}
            testId="recipe-add"
          >
            {text.add(use.plan?.columns.length ?? 0)}
          </Button>
        )}
      </div>
    </Dialog>
  );
});

/** Does something soon, unless it is called off before; what it does can ask whether it was. */
function later(work: (isWanted: () => boolean) => Promise<void>): () => void {
  let isWanted = true;
  const timer = setTimeout(() => work(() => isWanted), DELAY_MS);
  return () => {
    isWanted = false;
    clearTimeout(timer);
  };
}

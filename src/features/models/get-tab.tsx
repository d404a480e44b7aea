import { $, component$, type QRL, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { type AppError, errorOf, type HubModel, ipc, type Runtime, type SearchSort } from "~/ipc";
import { AppContext } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { Button, EmptyState, IconButton, Select, Spinner, TextField } from "~/ui";
import { closeRepository } from "./focus";
import { HubNotice } from "./hub-notice";
import { HubPage } from "./hub-page";
import { HubResults } from "./hub-results";
import { FIRST_RESULTS, MOST_RESULTS, referenceIn, searchedRuntime } from "./hub-search";
import { MlxModelSelector } from "./mlx-selector";
import { RecommendedList } from "./recommended-list";
import { words } from "./screen-strings";

const said = words.hub;

/** A search begins once typing has rested this long. */
const DEBOUNCE_MS = 350;

/** What came of what is looked for. */
export interface SearchState {
  limit: number;
  /** Counts how often it was asked for once more. */
  tries: number;
  found: HubModel[] | null;
  failure: AppError | null;
  isBusy: boolean;
}

/**
 * Where models are to be had: the recommended ones, a search of the hub, one repository. What was
 * searched and opened is still there for who comes back.
 */
export const GetTab = component$(() => {
  const app = useContext(AppContext);
  const models = useContext(ModelsContext);
  const state = useStore<SearchState>(
    {
      limit: FIRST_RESULTS,
      tries: 0,
      found: null,
      failure: null,
      isBusy: false,
    },
    { deep: false },
  );

  useTask$(({ track, cleanup }) => {
    const text = track(() => models.hubTyped).trim();
    const sort = track(() => models.hubSort);
    const runtime = track(() => searchedRuntime(models));
    const limit = track(() => state.limit);
    track(() => [state.tries, app.settings.local_only]);
    // A repository is opened by Enter; looking for its name would only find what is typed.
    const isSearch = text !== "" && referenceIn(text) === null;
    state.isBusy = isSearch;
    state.failure = null;
    if (!isSearch) {
      state.found = null;
      return;
    }
    let isWanted = true;
    const timer = setTimeout(async () => {
      try {
        const found = await ipc.searchModels({ text, runtime, sort, limit });
        if (isWanted) state.found = found;
      } catch (thrown) {
        if (!isWanted) return;
        state.found = null;
        state.failure = errorOf(thrown);
      } finally {
        if (isWanted) state.isBusy = false;
      }
    }, DEBOUNCE_MS);
    cleanup(() => {
      isWanted = false;
      clearTimeout(timer);
    });
  });

  const open = $((reference: string) => {
    models.hubOpen = reference;
  });
  if (models.hubOpen !== null) {
    return (
      <HubPage
        key={models.hubOpen}
        reference={models.hubOpen}
        onBack$={() => closeRepository(models)}
      />
    );
  }
  const reference = referenceIn(models.hubTyped);
  const isSearching = models.hubTyped.trim() !== "";
  return (
    <>
      <div class="mb-5 flex flex-wrap items-end gap-3">
        <div class="relative min-w-0 flex-1 basis-72">
          <TextField
            label={said.search}
            icon="search"
            placeholder={said.placeholder}
            hint={said.hint}
            value={models.hubTyped}
            testId="hub-search"
            onInput$={(typed) => {
              models.hubTyped = typed;
              state.limit = FIRST_RESULTS;
            }}
            onEnter$={$((typed: string) => {
              const wanted = referenceIn(typed);
              if (wanted !== null) models.hubOpen = wanted;
            })}
          />
          {isSearching && (
            <IconButton
              icon="x"
              size="s"
              class="absolute top-[22px] right-0.5"
              label={said.clear}
              testId="hub-clear"
              onClick$={() => {
                models.hubTyped = "";
                document.querySelector<HTMLElement>("[data-testid=hub-search]")?.focus();
              }}
            />
          )}
        </div>
        {isSearching && reference === null && models.mlx.length > 0 && (
          <Select
            label={said.format}
            class="mb-5 w-24"
            value={models.hubRuntime}
            options={Object.entries(said.formats).map(([value, label]) => ({ value, label }))}
            testId="hub-format"
            onChange$={$((value: string) => {
              models.hubRuntime = value as Runtime;
              state.limit = FIRST_RESULTS;
            })}
          />
        )}
        {isSearching && reference === null && (
          <Select
            label={said.sort}
            class="mb-5 w-36"
            value={models.hubSort}
            options={Object.entries(said.sorts).map(([value, label]) => ({ value, label }))}
            testId="hub-sort"
            onChange$={$((value: string) => {
              models.hubSort = value as SearchSort;
            })}
          />
        )}
      </div>
      {reference !== null && (
        <div class="mb-6 flex flex-wrap items-center gap-3" data-testid="hub-reference">
          <Button
            variant="primary"
            icon="arrow-right"
            testId="hub-open"
            onClick$={() => open(reference)}
          >
            <span class="max-w-[48ch] truncate">{said.open(reference)}</span>
          </Button>
          <p class="text-muted">{said.openHint}</p>
        </div>
      )}
      {isSearching && reference === null && (
        <Found
          state={state}
          typed={models.hubTyped}
          runtime={searchedRuntime(models)}
          onOpen$={open}
        />
      )}
      {!isSearching && (
        <>
          <MlxModelSelector />
          <RecommendedList onOpen$={open} />
        </>
      )}
    </>
  );
});

interface FoundProps {
  state: SearchState;
  typed: string;
  runtime: Runtime;
  onOpen$: QRL<(repository: string) => void>;
}

/** What a search brought, or why nothing came. */
const Found = component$<FoundProps>(({ state, typed, runtime, onOpen$ }) => {
  const { found, failure } = state;
  if (failure !== null) {
    return (
      <HubNotice
        failure={failure}
        onAgain$={$(() => {
          state.tries += 1;
        })}
        testId="hub-search-failed"
      />
    );
  }
  if (found === null) {
    return (
      <p class="flex items-center gap-2 text-muted">
        <Spinner label="" />
        {said.searching}
      </p>
    );
  }
  if (found.length === 0 && !state.isBusy) {
    return (
      <EmptyState icon="search" title={said.none(typed.trim())} body={said.noneBody[runtime]} />
    );
  }
  const mayBeMore = found.length >= state.limit && state.limit < MOST_RESULTS;
  return (
    <>
      <HubResults found={found} isBusy={state.isBusy} onOpen$={onOpen$} />
      {mayBeMore && (
        <Button
          busy={state.isBusy}
          testId="hub-more"
          onClick$={() => {
            state.limit = MOST_RESULTS;
          }}
        >
          {said.more}
        </Button>
      )}
    </>
  );
});

import {
  $,
  component$,
  type QRL,
  useContext,
  useSignal,
  useStore,
  useTask$,
  useVisibleTask$,
} from "@builder.io/qwik";
import { sentence, showFailure, WayOutButton, Words } from "~/errors";
import { type AppError, errorOf, type HubRepository, ipc } from "~/ipc";
import { AppContext } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Badge, Button, Notice, Spinner } from "~/ui";
import { ChoiceRow } from "./choice-row";
import { focusWhenLost } from "./focus";
import { HubNotice } from "./hub-notice";
import { hubPage, listedChoices, notesOf, repositoryAt } from "./hub-search";
import { Panel } from "./panel";
import { words } from "./screen-strings";
import { hubText } from "./words";

const said = words.hub;

interface PageState {
  found: HubRepository | null;
  failure: AppError | null;
  tries: number;
}

/** One repository of the hub: its quantisations, whether they fit, and what is to be known of it. */
export const HubPage = component$<{ reference: string; onBack$: QRL<() => void> }>((props) => {
  const { reference, onBack$ } = props;
  const models = useContext(ModelsContext);
  const state = useStore<PageState>({ found: null, failure: null, tries: 0 }, { deep: false });
  const back = useSignal<HTMLElement>();

  useTask$(({ track, cleanup }) => {
    track(() => [models.changed, state.tries]);
    state.failure = null;
    let isWanted = true;
    cleanup(() => {
      isWanted = false;
    });
    ipc.hubRepository(reference).then(
      (found) => {
        if (isWanted) state.found = found;
      },
      (thrown) => {
        // What was read before is still true enough to be looked at.
        if (isWanted && state.found === null) state.failure = errorOf(thrown);
      },
    );
  });

  // The line that was pressed is gone. Who came back to the tab still has its name under the keys.
  // biome-ignore lint/correctness/noQwikUseVisibleTask: focus needs the element
  useVisibleTask$(() => {
    focusWhenLost(
      () => true,
      () => back.value?.querySelector<HTMLElement>("button"),
    );
  });

  const { found, failure } = state;
  return (
    <div data-testid="hub-page">
      <div ref={back} class="mb-3">
        <Button
          variant="ghost"
          icon="arrow-left"
          class="-ml-3"
          testId="hub-back"
          onClick$={onBack$}
        >
          {said.back}
        </Button>
      </div>
      {failure !== null && (
        <HubNotice
          failure={failure}
          testId="hub-page-failed"
          onAgain$={$(() => {
            state.tries += 1;
          })}
        />
      )}
      {found === null && failure === null && (
        <p class="flex items-center gap-2 text-muted">
          <Spinner label="" />
          {said.reading}
        </p>
      )}
      {found !== null && <RepositoryBody found={found} reference={reference} />}
    </div>
  );
});

const RepositoryBody = component$<{ found: HubRepository; reference: string }>((props) => {
  const { found, reference } = props;
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  const models = useContext(ModelsContext);
  const { repository } = found;
  const now = useSignal(Date.now());
  // What nothing here runs would only take space on the disk.
  const isRun = repository.runtime === "gguf" || models.mlx.length > 0;
  const notes = isRun ? notesOf(repository) : repository.notes;
  const choices = listedChoices(found);
  const openPage = $(async () => {
    try {
      await ipc.openLink(hubPage(app.startup.hub_endpoint, repository.id));
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  return (
    <>
      <div class="mb-4">
        <div class="flex flex-wrap items-center gap-2">
          <h2 class="min-w-0 select-text break-all font-semibold text-strong text-xl">
            {repository.id}
          </h2>
          {repository.gate !== "open" && <Badge kind="warning">{said.gated}</Badge>}
          <Button
            size="s"
            variant="ghost"
            icon="external"
            testId="hub-open-page"
            onClick$={openPage}
          >
            {said.page}
          </Button>
        </div>
        <p class="text-muted tabular-nums">{hubText(repository, now.value)}</p>
      </div>
      {isRun && repository.gate !== "open" && (
        <Notice kind="warning" icon="key" class="mb-4" title={said.gateTitle} testId="hub-gate">
          <p>{said.gates[repository.gate]}</p>
          <div class="mt-2 flex flex-wrap gap-2">
            <Button size="s" icon="external" testId="hub-gate-page" onClick$={openPage}>
              {said.page}
            </Button>
            <WayOutButton wayOut={{ label: said.toBackends, section: "backends" }} />
          </div>
        </Notice>
      )}
      {!isRun && (
        <Notice kind="info" class="mb-4" title={said.mlxTitle} testId="hub-mlx">
          <p>{said.mlx}</p>
        </Notice>
      )}
      {found.problem !== null && (
        <Notice kind="warning" class="mb-4" title={said.problemTitle} testId="hub-problem">
          <p class="select-text">
            <Words text={sentence(found.problem)} />
          </p>
          <p class="text-muted">{said.problemBody}</p>
        </Notice>
      )}
      {isRun && choices.length > 0 && (
        <Panel title={said.choices} hint={said.choicesHint} testId="hub-choices">
          <ul aria-label={said.choices}>
            {choices.map((listed) => (
              <ChoiceRow
                key={listed.choice.label}
                listed={listed}
                repository={repository.id}
                runtime={repository.runtime}
                reference={repositoryAt(reference, repository.id)}
                problem={found.problem}
              />
            ))}
          </ul>
        </Panel>
      )}
      {notes.length > 0 && (
        <ul class="flex list-disc flex-col gap-1 pl-5 text-muted" data-testid="hub-notes">
          {notes.map((note) => (
            <li key={note} class="select-text break-words">
              <Words text={sentence(note)} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
});

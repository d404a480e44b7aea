import { component$, type QRL, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice, sentence, Words } from "~/errors";
import { ipc, type Judgement, type ModelFile, type ModelInfo, newReading, read } from "~/ipc";
import { Button, Dialog, Notice, Spinner } from "~/ui";
import { FitBadge } from "./fit-badge";
import { type Fact, fitFacts, headerFacts } from "./installed";
import { words } from "./screen-strings";
import { titleOf } from "./words";

const said = words.facts;

/** What a model's file says of itself, and how it fits this computer. */
export const ModelDetails = component$<{ model: ModelFile; onClose$: QRL<() => void> }>((props) => {
  const { model, onClose$ } = props;
  const info = useStore(() => newReading<ModelInfo>());
  useTask$(() => {
    void read(info, () => ipc.modelInfo(model.name));
  });
  const found = info.value;
  return (
    <Dialog open title={titleOf(model)} onClose$={onClose$} testId="model-details-dialog">
      {info.failure && <FailureNotice failure={info.failure} />}
      {found === undefined && !info.failure && (
        <div class="flex h-24 items-center justify-center text-muted">
          <Spinner label={words.loading} />
        </div>
      )}
      {found !== undefined && (
        <div class="flex flex-col gap-4">
          {found.problem !== null && (
            <Notice kind="error" title={words.installed.statuses.failed}>
              <Words text={sentence(found.problem)} />
            </Notice>
          )}
          <Facts title={said.title} facts={headerFacts(found)} />
          {found.fit !== null && <FitFigures fit={found.fit} />}
          <p class="select-text break-all text-muted text-sm">{model.path}</p>
        </div>
      )}
      <Button q:slot="footer" onClick$={onClose$} testId="model-details-close">
        {said.close}
      </Button>
    </Dialog>
  );
});

/** A verdict, why, and its figures. */
export const FitFigures = component$<{ fit: Judgement }>(({ fit }) => (
  <div data-testid="fit-figures">
    <p class="mb-2 flex flex-wrap items-center gap-2">
      <FitBadge verdict={fit.verdict} />
      <span class="select-text text-normal">{sentence(fit.reason)}</span>
    </p>
    <Facts title={said.fit} facts={fitFacts(fit)} />
  </div>
));

const Facts = component$<{ title: string; facts: Fact[] }>(({ title, facts }) => (
  <div>
    <h3 class="mb-1 font-semibold text-muted text-sm">{title}</h3>
    <dl class="grid grid-cols-[minmax(9rem,auto)_1fr] gap-x-4 gap-y-0.5">
      {facts.map(([name, value]) => (
        <>
          <dt key={`${name} name`} class="text-muted">
            {name}
          </dt>
          <dd key={name} class="select-text break-words text-strong tabular-nums">
            {value}
          </dd>
        </>
      ))}
    </dl>
  </div>
));

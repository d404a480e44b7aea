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
import { type AppError, ipc, newReading, type RecommendedModel, read, type Verdict } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { formatTokens } from "~/lib/money";
import { ModelsContext } from "~/state/models";
import { Badge, Button, Select, Spinner } from "~/ui";
import { DownloadButton } from "./download-button";
import { FitBadge } from "./fit-badge";
import { HubNotice } from "./hub-notice";
import { Panel } from "./panel";
import { groupsOf, offerOf } from "./recommended";
import { words } from "./screen-strings";
import { formatParameters } from "./words";

const said = words.recommended;

/** The built-in list, by what a model asks for. Works without the internet. */
export const RecommendedList = component$<{ onOpen$: QRL<(repository: string) => void> }>(
  ({ onOpen$ }) => {
    const models = useContext(ModelsContext);
    const list = useStore(() => newReading<RecommendedModel[]>());
    useTask$(({ track }) => {
      track(() => models.changed);
      void read(list, () => ipc.recommendedModels());
    });
    if (list.failure) return <FailureNotice failure={list.failure} />;
    if (!list.value) {
      return (
        <div class="flex h-24 items-center justify-center text-muted">
          <Spinner label={words.loading} />
        </div>
      );
    }
    return (
      <div data-testid="recommended">
        <h2 class="mb-3 font-semibold text-lg text-strong">
          {said.title}
          <span class="ml-3 font-normal text-base text-muted">{said.hint}</span>
        </h2>
        {groupsOf(list.value).map((group) => (
          <Panel key={group.id} title={group.title} testId={`recommended-${group.id}`}>
            <ul aria-label={group.title}>
              {group.models.map((one) => (
                <RecommendedRow key={one.model.id} recommended={one} onOpen$={onOpen$} />
              ))}
            </ul>
          </Panel>
        ))}
      </div>
    );
  },
);

interface RecommendedRowProps {
  recommended: RecommendedModel;
  onOpen$: QRL<(repository: string) => void>;
}

const RecommendedRow = component$<RecommendedRowProps>((props) => {
  const { recommended, onOpen$ } = props;
  const { model } = recommended;
  const chosen = useSignal<number | null>(null);
  const failure = useSignal<AppError | null>(null);
  const offer = offerOf(recommended, chosen.value ?? undefined);
  if (offer === null) return null;
  const { variant, verdict } = offer;
  const place = model.variants.indexOf(variant);
  const facts = [
    said.parameters(formatParameters(model.parameters)),
    said.context(formatTokens(model.context_length)),
    model.licence,
  ];
  return (
    <li
      class="border-line border-b py-2.5 last:border-b-0"
      data-testid="recommended-model"
      data-model={model.id}
    >
      <div class="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <div class="min-w-0 flex-1 basis-72">
          <p class="flex flex-wrap items-center gap-2">
            <span class="font-medium text-strong">{model.name}</span>
            {model.role === "starter" && <Badge kind="info">{said.starter}</Badge>}
            {model.thinks && <Badge title={said.thinksHint}>{said.thinks}</Badge>}
          </p>
          <p class="text-normal">{model.good_for}</p>
          <p class="text-muted text-sm tabular-nums">
            {facts.join(words.separator)}
            {words.separator}
            <button
              type="button"
              class="rounded-sm text-accent hover:underline"
              aria-label={`${said.repository}: ${model.name}`}
              data-opens={model.repository}
              onClick$={() => onOpen$(model.repository)}
            >
              {said.repository}
            </button>
          </p>
        </div>
        <div class="flex flex-none flex-wrap items-center gap-2">
          <FitBadge verdict={verdict} />
          {model.variants.length > 1 ? (
            <Select
              label={said.quantisation(model.name)}
              hideLabel
              class="w-44"
              value={String(place)}
              options={model.variants.map((one, at) => ({
                value: String(at),
                label: one.label,
                hint: variantHint(one.bytes, recommended.fits[at]),
              }))}
              testId="recommended-quantisation"
              onChange$={(value) => {
                chosen.value = Number(value);
              }}
            />
          ) : (
            <span class="w-44 truncate px-2 text-muted">{variant.label}</span>
          )}
          <span class="flex w-40 justify-end">
            <DownloadButton
              key={variant.label}
              reference={model.id}
              repository={model.repository}
              label={variant.label}
              bytes={variant.bytes}
              isApproximate={variant.approximate}
              name={model.name}
              verdict={verdict}
              installed={recommended.installed[place] ?? null}
              isMain={model.role === "starter" || model.role === "recommended"}
              testId="recommended-download"
              onFailed$={$((told: AppError | null) => {
                failure.value = told;
              })}
            />
          </span>
        </div>
      </div>
      {failure.value !== null && (
        <HubNotice
          failure={failure.value}
          wish="download"
          class="mt-2"
          testId="recommended-failed"
        />
      )}
      {failure.value !== null && failure.value.code === "key_refused" && (
        <Button size="s" class="mt-2" onClick$={() => onOpen$(model.repository)}>
          {said.repository}
        </Button>
      )}
    </li>
  );
});

/** What a quantisation takes, and whether that is in the way. */
function variantHint(bytes: number, verdict: Verdict | undefined): string {
  const size = formatBytes(bytes);
  return verdict === undefined || verdict === "fits"
    ? size
    : `${size}${words.separator}${words.fit[verdict]}`;
}

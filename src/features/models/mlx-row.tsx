import { $, component$, type QRL, useContext, useId, useSignal } from "@builder.io/qwik";
import { sentence, Words } from "~/errors";
import type { AppError, ModelStatus } from "~/ipc";
import { formatBytes } from "~/lib/format";
import { type MlxModel, ModelsContext } from "~/state/models";
import { Badge, Button, Icon, IconButton, RadioMark, Spinner } from "~/ui";
import { focusWhenLost } from "./focus";
import { HubNotice } from "./hub-notice";
import { isAtWork } from "./installed";
import { MlxDownloadButtons, MlxProgress } from "./mlx-download";
import { downloadOfMlx, isHere, missingText, mlxStatusText } from "./mlx-models";
import { mlxWords as said } from "./mlx-strings";
import { words } from "./screen-strings";
import { useMlxModels } from "./use-mlx-models";

interface MlxRowProps {
  model: MlxModel;
  /** The name of the group that its radio button is of. */
  group: string;
  onDelete$: QRL<() => void>;
}

/** One model for MLX: what it is, where it stands, and what can be done about that. */
export const MlxRow = component$<MlxRowProps>(({ model, group, onDelete$ }) => {
  const models = useContext(ModelsContext);
  const { select$, download$ } = useMlxModels();
  const radio = useId();
  const isBusy = useSignal(false);
  const failure = useSignal<AppError | null>(null);
  const { id, title, good_for, licence, size_bytes, is_selected, status } = model;
  const download = downloadOfMlx(models, model);
  const isFetched = download !== null;
  const error = isFetched ? null : status.error;
  const missing = is_selected ? missingText([model]) : null;
  const facts = [formatBytes(size_bytes), licence].filter((fact) => fact !== null);

  const keepFocus = $(() => {
    // Giving up puts another button in the place of what was pressed; all else leaves it there.
    focusWhenLost(
      () => (rowOf(id)?.querySelector("[data-testid=mlx-cancel]") ?? null) === null,
      () => buttonOf(id),
    );
  });
  const get = $(async () => {
    if (isBusy.value) return;
    isBusy.value = true;
    failure.value = await download$(id);
    isBusy.value = false;
    if (failure.value === null) {
      focusWhenLost(
        () => rowOf(id)?.querySelector("[data-testid=mlx-cancel]") !== null,
        () => buttonOf(id),
      );
    }
  });
  return (
    <li
      class="border-line border-b py-2.5 last:border-b-0"
      data-testid="mlx-model"
      data-mlx={id}
      data-status={status.status}
    >
      <div class="flex flex-wrap items-start gap-x-3 gap-y-1.5">
        <div class="flex min-w-0 flex-1 basis-72 items-start gap-2.5">
          <RadioMark
            id={radio}
            name={group}
            value={id}
            checked={is_selected}
            describedBy={`${radio}-about`}
            testId="mlx-choose"
            onChange$={() => select$(id)}
          />
          <div class="min-w-0 flex-1">
            <p class="flex flex-wrap items-center gap-x-2 gap-y-0.5">
              <label for={radio} class="min-w-0 break-words font-medium text-strong">
                {title}
              </label>
              <MlxStatus status={status.status} text={mlxStatusText(model, download)} />
            </p>
            <div id={`${radio}-about`}>
              {good_for !== null && <p class="text-normal">{good_for}</p>}
              <p class="text-muted text-sm tabular-nums">{facts.join(words.separator)}</p>
            </div>
          </div>
        </div>
        <span class="flex min-h-6 flex-none items-center gap-1">
          {isFetched ? (
            <MlxDownloadButtons id={id} name={title} download={download} onDone$={keepFocus} />
          ) : isHere(model, download) ? (
            <IconButton
              icon="trash"
              size="s"
              label={said.deleteOf(title)}
              testId="mlx-delete"
              onClick$={onDelete$}
            />
          ) : (
            <Button
              size="s"
              icon="download"
              variant={is_selected ? "primary" : "secondary"}
              busy={isBusy.value}
              holdsFocus
              ariaLabel={said.downloadOf(title)}
              testId="mlx-download"
              onClick$={get}
            >
              {said.download}
            </Button>
          )}
        </span>
      </div>
      <div class="pl-6.5">
        {isFetched && <MlxProgress download={download} name={title} />}
        {error !== null && (
          <p class="mt-1 select-text break-words text-error text-sm" data-testid="mlx-error">
            <Words
              text={[error.message, error.hint ?? ""].filter(Boolean).map(sentence).join(". ")}
            />
          </p>
        )}
        {missing !== null && (
          <p class="mt-1 flex items-start gap-1.5 text-normal text-sm" data-testid="mlx-missing">
            <Icon name="info" size={14} class="mt-0.5 flex-none text-accent" />
            {missing}
          </p>
        )}
        {failure.value !== null && (
          <HubNotice failure={failure.value} class="mt-2" testId="mlx-failed" />
        )}
      </div>
    </li>
  );
});

/** Where a model stands. Read aloud when the word changes, and not with each per cent. */
const MlxStatus = component$<{ status: ModelStatus; text: string }>(({ status, text }) => {
  const isMoving = status === "downloading" || status === "loading";
  const kind =
    status === "failed"
      ? "error"
      : status === "available"
        ? "neutral"
        : isMoving
          ? "info"
          : "success";
  return (
    <span aria-live={isMoving ? "off" : "polite"} class="contents">
      <Badge kind={kind} testId="mlx-status">
        {isAtWork(status) && <Spinner label="" size={12} />}
        {text}
      </Badge>
    </span>
  );
});

/** The line of a model, where there is one. */
export function rowOf(id: string): HTMLElement | null {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-mlx]")];
  return rows.find((row) => row.dataset.mlx === id) ?? null;
}

/** What takes the focus in the line of a model: its button, else the choice. */
export function buttonOf(id: string): HTMLElement | null {
  const row = rowOf(id);
  return row?.querySelector("button") ?? row?.querySelector("input") ?? null;
}

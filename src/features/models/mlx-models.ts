/** Models for MLX: what is known of them, as pure steps from one list to the next. */
import {
  type Download,
  type MlxModelInfo,
  type MlxModelState,
  type ModelStatus,
  windowError,
} from "~/ipc";
import { LOCAL_MLX } from "~/lib/model-names";
import type { MlxModel, ModelsState } from "~/state/models";
import type { Option } from "~/ui";
import { bytesUnderWay, inWindow, isOver, percentOf } from "./downloads";
import { mlxWords } from "./mlx-strings";
import { underWayText } from "./words";

/** A list as it was read; how far one is that stands where it stood before is known already. */
export function withRead(list: readonly MlxModelInfo[], before: readonly MlxModel[]): MlxModel[] {
  return list.map((info) => {
    const { status, download, error } = info.status;
    const known = before.find(({ id }) => id === info.id);
    return {
      ...info,
      status: {
        status,
        download: download === null ? null : inWindow(download),
        error: error === null ? null : windowError(error),
      },
      fraction: known?.status.status === status ? known.fraction : null,
    };
  });
}

/** The list with what was heard of one of its models; the same list where nobody would see it. */
export function withHeard(list: MlxModel[], heard: MlxModelState): MlxModel[] {
  const known = list.find(({ id }) => id === heard.model);
  if (known === undefined || isSame(known, heard)) return list;
  const { status, fraction } = heard;
  const error = heard.error === null ? null : windowError(heard.error);
  const changed = { ...known, fraction, status: { ...known.status, status, error } };
  return list.map((one) => (one === known ? changed : one));
}

/** Events come ten times a second; what is shown of them are words and whole per cent. */
function isSame({ status, fraction }: MlxModel, heard: MlxModelState): boolean {
  const percent = (share: number | null): number | null =>
    share === null ? null : percentOf(share);
  return (
    status.status === heard.status &&
    percent(fraction) === percent(heard.fraction) &&
    (status.error?.message ?? null) === (heard.error?.message ?? null)
  );
}

/** Whether a model came, went or failed by what was heard: then the list says more than that. */
export function isNews(list: readonly MlxModel[], { model, status }: MlxModelState): boolean {
  const known = list.find(({ id }) => id === model);
  // Not one of the list: it is once it is here, and until then there is nothing to read.
  if (known === undefined) return status === "downloaded" || status === "ready";
  const isEnd = status === "available" || status === "downloaded" || status === "failed";
  return isEnd && known.status.status !== status;
}

/** The list with another model chosen. */
export function withChosen(list: readonly MlxModel[], id: string): MlxModel[] {
  return list.map((one) => ({ ...one, is_selected: one.id === id }));
}

/** The model that `local-mlx` means; null where MLX does not run, or one is meant that is gone. */
export function chosenOf(list: readonly MlxModel[]): MlxModel | null {
  return list.find(({ is_selected }) => is_selected) ?? null;
}

/** The download of a model that is not over. */
export function downloadOfMlx(
  { downloads, isRead }: Pick<ModelsState, "downloads" | "isRead">,
  { id, status }: MlxModel,
): Download | null {
  const found = downloads.find((one) => one.name === id && !isOver(one));
  return found ?? (isRead ? null : status.download);
}

/** Whether a model is on this computer, so that it can be deleted. */
export function isHere({ status }: MlxModel, download: Download | null): boolean {
  const others: ModelStatus[] = ["available", "downloading"];
  if (others.includes(status.status)) return false;
  return status.status !== "failed" || download === null;
}

/** Where a model stands, in words. */
export function mlxStatusText({ status, fraction }: MlxModel, download: Download | null): string {
  const isFetched = status.status === "downloading" || status.status === "failed";
  if (isFetched && download !== null) return underWayText(download);
  const word = mlxWords.statuses[status.status];
  const isMoving = status.status === "downloading" || status.status === "loading";
  return isMoving && fraction !== null ? mlxWords.percent(word, percentOf(fraction)) : word;
}

/** What all of them take on the disk together, with what is there of those on their way. */
export function mlxBytes(
  list: readonly MlxModel[],
  state: Pick<ModelsState, "downloads" | "isRead">,
): number {
  return list.reduce((all, model) => {
    const download = downloadOfMlx(state, model);
    const fetched = download === null ? 0 : bytesUnderWay([download]);
    return all + fetched + (isHere(model, download) ? model.size_bytes : 0);
  }, 0);
}

/** Why a column with the chosen model gets no cells now; null while it would. */
export function missingText(list: readonly MlxModel[]): string | null {
  switch (chosenOf(list)?.status.status) {
    case undefined:
    case "available":
      return mlxWords.notHere;
    case "downloading":
      return mlxWords.onItsWay;
    case "failed":
      return mlxWords.failed;
    default:
      return null;
  }
}

/** The model of a column that is whichever is chosen; none where MLX does not run. */
export function mlxOptions(list: readonly MlxModel[]): Option[] {
  if (list.length === 0) return [];
  const hint = chosenOf(list)?.title ?? mlxWords.optionNone;
  return [{ value: LOCAL_MLX, label: mlxWords.option, hint }];
}

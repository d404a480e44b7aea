import { $, component$, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice, showFailure } from "~/errors";
import { failureOf, ipc, newReading, type ResponseCacheInfo, read } from "~/ipc";
import { bareName } from "~/lib/model-names";
import { showToast, ToastContext } from "~/state/toasts";
import { Button, ConfirmDialog, NumberField, Progress, Spinner } from "~/ui";
import { failureText, markApplied } from "./apply";
import { MarksContext } from "./context";
import { SettingGroup, SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.data;
const MB = 1_000_000;
const FIELD = "cache_limit";

interface CacheState {
  /** What is to be cleared, once confirmed: one model's answers, or all. */
  toClear: { model: string | null } | null;
  /** A limit below what is kept, once confirmed. */
  newLimitBytes: number | null;
  isClearing: boolean;
}

/** The answers that are kept for identical requests: how much, how much at most, and away with them. */
export const KeptAnswers = component$(() => {
  const marks = useContext(MarksContext);
  const toasts = useContext(ToastContext);
  const cache = useStore(() => newReading<ResponseCacheInfo>());
  const state = useStore<CacheState>({
    toClear: null,
    newLimitBytes: null,
    isClearing: false,
  });

  const readCache = $(() => read(cache, () => ipc.cacheInfo()));
  useTask$(() => {
    void readCache();
  });

  const setLimit = $(async (limitBytes: number) => {
    state.newLimitBytes = null;
    marks[FIELD] = { kind: "saving" };
    try {
      await ipc.setCacheLimit(limitBytes);
      markApplied(marks, FIELD);
    } catch (thrown) {
      marks[FIELD] = { kind: "failed", message: failureText(failureOf(thrown)) };
    }
    await readCache();
  });
  const clear = $(async () => {
    if (!state.toClear) return;
    state.isClearing = true;
    try {
      const count = await ipc.clearCache(state.toClear.model);
      showToast(toasts, { kind: "success", title: words.cleared(count) });
    } catch (thrown) {
      showFailure(toasts, thrown);
    } finally {
      state.isClearing = false;
      state.toClear = null;
      await readCache();
    }
  });

  const { value: info, failure } = cache;
  return (
    <SettingGroup title={words.cache}>
      {failure && <FailureNotice failure={failure} class="my-3" />}
      {!info && !failure && (
        <div class="flex h-20 items-center justify-center text-muted">
          <Spinner label={text.loading} />
        </div>
      )}
      {info && (
        <>
          <div class="flex flex-col gap-2 border-line border-b py-3">
            <p class="text-muted">{words.cacheHint}</p>
            <p class="text-strong tabular-nums" data-testid="settings-cache-used">
              {words.cacheUsed(info.responses, info.bytes, info.limit_bytes)}
              {info.oldest_at_ms !== null && (
                <span class="text-muted">
                  {". "}
                  {words.cacheOldest(info.oldest_at_ms, Date.now())}
                </span>
              )}
            </p>
            {info.limit_bytes > 0 && (
              <Progress value={info.bytes / info.limit_bytes} label={words.cache} />
            )}
          </div>
          <SettingRow title={words.limit} hint={words.limitHint} field={FIELD}>
            <NumberField
              label={words.limit}
              hideLabel
              class="w-28"
              value={Math.round(info.limit_bytes / MB)}
              min={0}
              max={10_000_000}
              testId="settings-cache-limit"
              onChange$={$((megabytes: number | null) => {
                const limitBytes = (megabytes ?? 0) * MB;
                if (limitBytes < info.bytes) state.newLimitBytes = limitBytes;
                else return setLimit(limitBytes);
              })}
            />
          </SettingRow>
          {info.models.map((kept) => (
            <SettingRow
              key={kept.model}
              title={bareName(kept.model)}
              hint={words.cacheOf(kept.responses, kept.bytes)}
            >
              <Button
                size="s"
                ariaLabel={words.clearOf(kept.model)}
                onClick$={() => {
                  state.toClear = { model: kept.model };
                }}
              >
                {words.clear}
              </Button>
            </SettingRow>
          ))}
          {info.responses > 0 && (
            <div class="flex justify-end py-3">
              <Button
                testId="settings-cache-clear"
                onClick$={() => {
                  state.toClear = { model: null };
                }}
              >
                {words.clearAll}
              </Button>
            </div>
          )}
        </>
      )}
      <ConfirmDialog
        open={state.toClear !== null}
        title={words.clearTitle}
        body={words.clearBody(state.toClear?.model ?? null)}
        confirm={words.clearConfirm}
        danger
        busy={state.isClearing}
        onConfirm$={clear}
        onClose$={() => {
          state.toClear = null;
        }}
        testId="settings-cache-dialog"
      />
      <ConfirmDialog
        open={state.newLimitBytes !== null}
        title={words.limitTitle}
        body={words.limitBody(state.newLimitBytes ?? 0)}
        confirm={words.limitConfirm}
        danger
        onConfirm$={() => setLimit(state.newLimitBytes ?? 0)}
        onClose$={async () => {
          state.newLimitBytes = null;
          // The field shows what was typed: it takes back the limit that is true.
          cache.value = undefined;
          await readCache();
        }}
        testId="settings-limit-dialog"
      />
    </SettingGroup>
  );
});

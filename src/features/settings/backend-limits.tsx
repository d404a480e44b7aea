import { $, component$, type QRL, useContext } from "@builder.io/qwik";
import type { BackendInfo } from "~/ipc";
import { AppContext } from "~/state/app";
import { apply, withLimits } from "./apply";
import { AutomaticNumber } from "./automatic-number";
import { MarksContext } from "./context";
import { SettingRow } from "./setting-row";
import { text } from "./strings";

const words = text.backends;

type Limit = "parallel_requests" | "requests_per_minute" | "tokens_per_minute";

const FIELDS: {
  limit: Limit;
  title: string;
  hint: string;
  placeholder: string;
  max: number;
}[] = [
  {
    limit: "parallel_requests",
    title: words.atOnce,
    hint: words.atOnceHint,
    placeholder: words.usualAtOnce,
    max: 256,
  },
  {
    limit: "requests_per_minute",
    title: words.requestsPerMinute,
    hint: words.requestsPerMinuteHint,
    placeholder: words.noLimit,
    max: 1_000_000,
  },
  {
    limit: "tokens_per_minute",
    title: words.tokensPerMinute,
    hint: words.tokensPerMinuteHint,
    placeholder: words.noLimit,
    max: 1_000_000_000,
  },
];

/** How hard a backend may be asked. */
export const BackendLimitFields = component$<{ backend: BackendInfo; onChanged$: QRL<() => void> }>(
  ({ backend, onChanged$ }) => {
    const app = useContext(AppContext);
    const marks = useContext(MarksContext);
    const set = $(async (limit: Limit, value: number | null) => {
      const field = `${backend.id} ${limit}`;
      await apply(app, marks, field, (settings) =>
        withLimits(settings, backend.id, { [limit]: value }),
      );
      await onChanged$();
    });
    return (
      <>
        {FIELDS.map(({ limit, title, hint, placeholder, max }) => (
          <SettingRow key={limit} title={title} hint={hint} field={`${backend.id} ${limit}`}>
            <AutomaticNumber
              title={title}
              value={backend.limits[limit] ?? null}
              min={1}
              max={max}
              placeholder={placeholder}
              testId={`backend-${backend.id}-${limit.replaceAll("_", "-")}`}
              onChange$={$((value: number | null) => set(limit, value))}
            />
          </SettingRow>
        ))}
      </>
    );
  },
);

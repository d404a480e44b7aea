import { component$, Slot, useContext } from "@builder.io/qwik";
import { Words } from "~/errors";
import { Icon } from "~/ui";
import { MarksContext } from "./context";
import { text } from "./strings";

interface SettingRowProps {
  title: string;
  hint?: string;
  /** The field whose outcome is shown here. */
  field?: string;
  /** Whether a run that is going keeps the old value. */
  nextRun?: boolean;
  /** Puts the control below the words, for wide ones. */
  wide?: boolean;
  testId?: string;
}

/** One setting: what it is and does and the outcome on the left, the control on the right. */
export const SettingRow = component$<SettingRowProps>((props) => {
  const marks = useContext(MarksContext);
  const mark = props.field === undefined ? undefined : marks[props.field];
  return (
    <div
      class={[
        "border-line border-b py-3 last:border-b-0",
        props.wide ? "flex flex-col gap-2" : "flex flex-wrap items-start gap-x-6 gap-y-2",
      ]}
      data-testid={props.testId}
    >
      <div class="min-w-48 flex-1">
        {/* Beside the title, where it moves nothing when it comes and goes. */}
        <p class="flex flex-wrap items-center gap-x-3 font-medium text-strong">
          {props.title}
          <span
            role="status"
            class="inline-flex items-center gap-1 font-normal text-sm text-success empty:hidden"
            data-testid={mark?.kind === "applied" ? "setting-applied" : undefined}
          >
            {mark?.kind === "applied" && (
              <>
                <Icon name="check" size={14} />
                {props.nextRun ? text.appliedNextRun : text.applied}
              </>
            )}
          </span>
        </p>
        {props.hint && <p class="max-w-prose break-words text-muted">{props.hint}</p>}
        {mark?.kind === "failed" && (
          <p role="alert" class="break-words select-text text-error" data-testid="setting-failed">
            <Words text={mark.message} />
          </p>
        )}
      </div>
      <div
        class={[
          "flex min-h-7 flex-none items-center gap-2",
          !props.wide && "max-w-full justify-end",
        ]}
      >
        <Slot />
      </div>
    </div>
  );
});

/** Settings that belong together. */
export const SettingGroup = component$<{ title?: string }>(({ title }) => (
  <section class="mb-6">
    {title && <h3 class="mb-1 font-semibold text-muted text-sm">{title}</h3>}
    <div class="rounded-md border border-line bg-raised px-4">
      <Slot />
    </div>
  </section>
));

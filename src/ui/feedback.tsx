import { component$, Slot } from "@builder.io/qwik";
import { Icon, type IconName } from "./icon";

export interface ProgressProps {
  /** From 0 to 1; null while the length of the work is unknown. */
  value: number | null;
  label: string;
  testId?: string | undefined;
  class?: string | undefined;
}

/** A bar of how much is done. */
export const Progress = component$<ProgressProps>(({ value, label, testId, class: extra }) => {
  const share = value === null ? null : Math.min(1, Math.max(0, value));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      data-testid={testId}
      class={["h-1.5 min-w-16 overflow-hidden rounded-full bg-hover", extra]}
    >
      {share === null ? (
        <div class="ui-slide h-full w-2/5 rounded-full bg-accent" />
      ) : (
        <div
          class="h-full rounded-full bg-accent transition-[width] duration-200"
          style={{ width: `${share * 100}%` }}
        />
      )}
    </div>
  );
});

export type NoticeKind = "info" | "warning" | "error" | "success";

export interface NoticeProps {
  kind: NoticeKind;
  title?: string | undefined;
  icon?: IconName | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

const notices: Record<NoticeKind, { box: string; mark: string; icon: IconName }> = {
  info: { box: "bg-accent-soft", mark: "text-accent", icon: "info" },
  warning: { box: "bg-warning-soft", mark: "text-warning", icon: "warning" },
  error: { box: "bg-error-soft", mark: "text-error", icon: "warning" },
  success: { box: "bg-success-soft", mark: "text-success", icon: "check-circle" },
};

/** A remark in the place that it is about. Errors and warnings are read aloud when they appear. */
export const Notice = component$<NoticeProps>((props) => {
  const look = notices[props.kind];
  return (
    <div
      role={props.kind === "error" ? "alert" : "status"}
      data-testid={props.testId}
      class={["flex items-start gap-2 rounded-md px-3 py-2", look.box, props.class]}
    >
      <Icon name={props.icon ?? look.icon} class={`mt-0.5 ${look.mark}`} />
      <div class="min-w-0 flex-1 break-words text-normal select-text">
        {props.title && <p class="font-medium text-strong">{props.title}</p>}
        <Slot />
      </div>
    </div>
  );
});

export interface EmptyStateProps {
  icon: IconName;
  title: string;
  body?: string | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** What stands where there is nothing yet: why, and in the slot what to do. */
export const EmptyState = component$<EmptyStateProps>((props) => (
  <div
    data-testid={props.testId}
    class={["flex flex-col items-center justify-center gap-2 p-8 text-center", props.class]}
  >
    <span class="mb-1 inline-flex size-10 items-center justify-center rounded-lg bg-hover text-muted">
      <Icon name={props.icon} size={20} />
    </span>
    <p class="text-lg font-semibold text-strong">{props.title}</p>
    {props.body && <p class="max-w-md text-muted">{props.body}</p>}
    <div class="mt-2 flex flex-wrap items-center justify-center gap-2 empty:hidden">
      <Slot />
    </div>
  </div>
));

import { component$, Slot } from "@builder.io/qwik";

export type BadgeKind = "neutral" | "info" | "success" | "warning" | "error" | "ai";

export interface BadgeProps {
  kind?: BadgeKind | undefined;
  title?: string | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

const kinds: Record<BadgeKind, string> = {
  neutral: "bg-hover text-muted",
  info: "bg-accent-soft text-accent",
  success: "bg-success-soft text-success",
  warning: "bg-warning-soft text-warning",
  error: "bg-error-soft text-error",
  ai: "bg-ai-soft text-ai",
};

/** A word or two about the state of something. */
export const Badge = component$<BadgeProps>((props) => (
  <span
    title={props.title ?? ""}
    data-testid={props.testId}
    class={[
      "inline-flex h-5 shrink-0 items-center gap-1 rounded-full px-2 text-xs font-medium whitespace-nowrap tabular-nums",
      kinds[props.kind ?? "neutral"],
      props.class,
    ]}
  >
    <Slot />
  </span>
));

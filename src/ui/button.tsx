import { component$, type QRL, Slot } from "@builder.io/qwik";
import { Icon, type IconName } from "./icon";
import { Spinner } from "./spinner";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger";
export type ControlSize = "s" | "m";

export interface ButtonProps {
  variant?: ButtonVariant | undefined;
  size?: ControlSize | undefined;
  icon?: IconName | undefined;
  /** Shows that its work is under way and takes no clicks meanwhile. */
  busy?: boolean | undefined;
  /** While busy it stays on, and so keeps the focus; its owner ignores clicks meanwhile. */
  holdsFocus?: boolean | undefined;
  disabled?: boolean | undefined;
  type?: "button" | "submit" | undefined;
  onClick$?: QRL<(event: MouseEvent) => void> | undefined;
  title?: string | undefined;
  ariaLabel?: string | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

const base =
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap " +
  "transition-colors duration-100 disabled:opacity-50";

const variants: Record<ButtonVariant, string> = {
  primary: "bg-accent text-onaccent enabled:hover:bg-accent-strong",
  secondary:
    "border border-strongline bg-raised text-strong enabled:hover:bg-hover enabled:active:bg-selected",
  ghost: "text-normal enabled:hover:bg-hover enabled:active:bg-selected",
  danger: "bg-error text-onaccent enabled:hover:bg-error-strong",
};

const sizes: Record<ControlSize, string> = {
  s: "h-6 px-2 text-sm",
  m: "h-7 px-3 text-base",
};

function isOff({ disabled, busy, holdsFocus }: Partial<ButtonProps>): boolean {
  return (disabled || (busy && !holdsFocus)) ?? false;
}

/** A push button with a text; `secondary` unless told. */
export const Button = component$<ButtonProps>((props) => (
  <button
    type={props.type ?? "button"}
    class={[base, variants[props.variant ?? "secondary"], sizes[props.size ?? "m"], props.class]}
    disabled={isOff(props)}
    aria-busy={props.busy ? "true" : undefined}
    aria-label={props.ariaLabel}
    title={props.title ?? ""}
    data-testid={props.testId}
    onClick$={props.onClick$}
  >
    {props.busy ? (
      <Spinner label="" size={14} />
    ) : (
      props.icon && <Icon name={props.icon} size={props.size === "s" ? 14 : 16} />
    )}
    <Slot />
  </button>
));

export interface IconButtonProps {
  icon: IconName;
  /** Its name, also shown when the pointer rests on it. */
  label: string;
  onClick$?: QRL<(event: MouseEvent) => void> | undefined;
  size?: ControlSize | undefined;
  /** A switch rather than an action: whether it is on. */
  pressed?: boolean | undefined;
  disabled?: boolean | undefined;
  busy?: boolean | undefined;
  /** While busy it stays on, and so keeps the focus; its owner ignores clicks meanwhile. */
  holdsFocus?: boolean | undefined;
  /** Says that it opens something, and whether that is open. */
  expanded?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** A button that is only a picture. */
export const IconButton = component$<IconButtonProps>((props) => (
  <button
    type="button"
    class={[
      "inline-flex shrink-0 items-center justify-center rounded-md transition-colors duration-100",
      "enabled:hover:bg-hover enabled:hover:text-strong disabled:opacity-50",
      props.size === "s" ? "size-6" : "size-7",
      props.pressed ? "bg-selected text-accent" : "text-muted",
      props.class,
    ]}
    disabled={isOff(props)}
    aria-label={props.label}
    aria-pressed={props.pressed === undefined ? undefined : props.pressed ? "true" : "false"}
    aria-expanded={props.expanded === undefined ? undefined : props.expanded ? "true" : "false"}
    aria-busy={props.busy ? "true" : undefined}
    title={props.label}
    data-testid={props.testId}
    onClick$={props.onClick$}
  >
    {props.busy ? (
      <Spinner label="" size={14} />
    ) : (
      <Icon name={props.icon} size={props.size === "s" ? 14 : 16} />
    )}
  </button>
));

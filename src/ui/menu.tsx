import { $, component$, type QRL, useSignal } from "@builder.io/qwik";
import { Button, type ButtonVariant, type ControlSize, IconButton } from "./button";
import type { Align } from "./floating";
import { Icon, type IconName } from "./icon";
import { type MenuItem, MenuPanel } from "./menu-panel";

export interface MenuProps {
  items: MenuItem[];
  /** The name of the button. It is shown when there is no icon, or with `showLabel`. */
  label: string;
  icon?: IconName | undefined;
  showLabel?: boolean | undefined;
  variant?: ButtonVariant | undefined;
  size?: ControlSize | undefined;
  align?: Align | undefined;
  disabled?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** A button with a drop-down of actions. */
export const Menu = component$<MenuProps>((props) => {
  const open = useSignal(false);
  const toggle = $(() => {
    open.value = !open.value;
  });
  const close = $(() => {
    open.value = false;
  });
  return (
    <span
      class={["relative inline-flex", props.class]}
      stoppropagation:click
      stoppropagation:dblclick
    >
      {props.icon && !props.showLabel ? (
        <IconButton
          icon={props.icon}
          label={props.label}
          size={props.size}
          disabled={props.disabled}
          expanded={open.value}
          onClick$={toggle}
          testId={props.testId}
        />
      ) : (
        <Button
          icon={props.icon}
          variant={props.variant}
          size={props.size}
          disabled={props.disabled}
          onClick$={toggle}
          testId={props.testId}
        >
          {props.label}
          <Icon name="chevron-down" size={12} class="text-muted" />
        </Button>
      )}
      {open.value && (
        <MenuPanel label={props.label} items={props.items} align={props.align} onClose$={close} />
      )}
    </span>
  );
});

export interface ContextMenuProps {
  /** Where it is open, in pixels of the window; null while it is closed. */
  at: { x: number; y: number } | null;
  items: MenuItem[];
  onClose$: QRL<() => void>;
  label?: string | undefined;
}

/** A menu at the pointer. */
export const ContextMenu = component$<ContextMenuProps>((props) => (
  <>
    {props.at && (
      <MenuPanel
        key={`${props.at.x},${props.at.y}`}
        label={props.label ?? ""}
        items={props.items}
        at={props.at}
        onClose$={props.onClose$}
      />
    )}
  </>
));

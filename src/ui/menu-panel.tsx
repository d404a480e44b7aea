import { $, component$, type QRL, useSignal, useVisibleTask$ } from "@builder.io/qwik";
import { type Align, openFloating } from "./floating";
import { hasFocus, rememberFocus } from "./focus";
import { Icon, type IconName } from "./icon";
import { nextInMenu, typedInMenu } from "./menu-keys";

/** One thing that a menu offers. */
export interface MenuItem {
  label: string;
  icon?: IconName | undefined;
  /** The keys that do the same, such as "Ctrl+D"; shown only. */
  shortcut?: string | undefined;
  disabled?: boolean | undefined;
  danger?: boolean | undefined;
  /** Makes it a switch that shows whether it is on. */
  checked?: boolean | undefined;
  separatorBefore?: boolean | undefined;
  testId?: string | undefined;
  run$: QRL<() => void>;
}

export interface MenuPanelProps {
  label: string;
  items: MenuItem[];
  /** A point of the window; without it the menu stands under its parent. */
  at?: { x: number; y: number } | null | undefined;
  align?: Align | undefined;
  onClose$: QRL<() => void>;
}

function itemsOf(panel: HTMLElement): HTMLElement[] {
  return [...panel.querySelectorAll<HTMLElement>("[role^=menuitem]:not([aria-disabled=true])")];
}

/**
 * What a test or a screen reader looks for. As one object: Qwik takes single fields of a plain
 * object for constants beside a spread.
 */
function attributesOf(item: MenuItem) {
  return { ...roleOf(item), "data-label": item.label, "data-testid": item.testId };
}

function roleOf({ checked }: MenuItem) {
  if (checked === undefined) return { role: "menuitem" } as const;
  return { role: "menuitemcheckbox", "aria-checked": checked ? "true" : "false" } as const;
}

/** The open list of a menu: keys, type-ahead, and focus that goes back where it was. */
export const MenuPanel = component$<MenuPanelProps>((props) => {
  const panel = useSignal<HTMLElement>();
  const { onClose$, items } = props;

  // biome-ignore lint/correctness/noQwikUseVisibleTask: placing and keys need the element
  useVisibleTask$(({ track, cleanup }) => {
    const found = track(panel);
    const at = track(() => props.at);
    if (!found) return;
    const element = found;
    const giveBack = rememberFocus(element);
    const owner = element.parentElement;
    let typed = "";
    let typedAt = 0;

    const stop = openFloating(element, {
      anchor: () =>
        at
          ? { left: at.x, right: at.x, top: at.y, bottom: at.y }
          : (owner ?? element).getBoundingClientRect(),
      align: props.align ?? "start",
      gapPx: at ? 0 : 4,
      inside: () => (at ? null : owner),
      onDismiss: (why) => {
        if (why === "escape") giveBack();
        void onClose$();
      },
    });
    function key(event: KeyboardEvent) {
      if (event.key === "Tab") {
        event.preventDefault();
        giveBack();
        void onClose$();
        return;
      }
      const list = itemsOf(element);
      const labels = list.map((item) => item.dataset.label ?? "");
      const current = list.indexOf(element.ownerDocument.activeElement as HTMLElement);
      let next = nextInMenu(event.key, current, labels);
      const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (next === null && isText && event.key !== " ") {
        typed = event.timeStamp - typedAt > 600 ? event.key : typed + event.key;
        typedAt = event.timeStamp;
        next = typedInMenu(typed, current, labels);
        event.preventDefault();
      }
      // Keys stay here: the window's shortcuts must not hear them.
      event.stopPropagation();
      if (next === null) return;
      event.preventDefault();
      list[next]?.focus();
    }
    function point(event: PointerEvent) {
      const item = (event.target as Element).closest<HTMLElement>("[role^=menuitem]");
      if (item && item !== element.ownerDocument.activeElement) item.focus({ preventScroll: true });
    }
    element.addEventListener("keydown", key);
    element.addEventListener("pointermove", point);
    itemsOf(element)[0]?.focus({ preventScroll: true });
    cleanup(() => {
      element.removeEventListener("keydown", key);
      element.removeEventListener("pointermove", point);
      const hadFocus = hasFocus(element);
      stop();
      if (hadFocus) giveBack();
    });
  });

  const choose = $(async (item: MenuItem) => {
    if (item.disabled) return;
    await onClose$();
    await item.run$();
  });

  return (
    <div
      ref={panel}
      popover="manual"
      role="menu"
      aria-label={props.label}
      class="scroll-area z-50 rounded-md bg-raised text-normal shadow-popover ui-appear"
    >
      <div class="min-w-44 py-1">
        {items.map((item, place) => (
          <div key={`${place}-${item.label}`} role="none">
            {item.separatorBefore && <hr class="my-1 border-t border-line" />}
            <button
              type="button"
              {...attributesOf(item)}
              aria-disabled={item.disabled ? "true" : undefined}
              tabIndex={-1}
              class={[
                "flex h-7 w-full items-center gap-2 px-3 text-left whitespace-nowrap outline-none",
                "aria-disabled:opacity-50 focus:bg-hover",
                item.danger ? "text-error" : "focus:text-strong",
              ]}
              onClick$={() => choose(item)}
            >
              <span class="inline-flex w-4 justify-center">
                {item.checked ? (
                  <Icon name="check" size={14} />
                ) : (
                  item.icon && <Icon name={item.icon} size={14} />
                )}
              </span>
              <span class="max-w-80 flex-1 truncate">{item.label}</span>
              {item.shortcut && <span class="pl-6 text-sm text-faint">{item.shortcut}</span>}
            </button>
          </div>
        ))}
      </div>
    </div>
  );
});

import { component$, type QRL } from "@builder.io/qwik";
import { Icon } from "./icon";
import type { Option } from "./select";

interface OptionLineProps {
  id: string;
  option: Option;
  isChosen: boolean;
  isActive: boolean;
  onPoint$: QRL<() => void>;
  onChoose$: QRL<() => void>;
}

/** One line of a combobox's list. Focus stays in the text field. */
export const OptionLine = component$<OptionLineProps>((props) => {
  const { option } = props;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the text field
    <div
      id={props.id}
      role="option"
      aria-selected={props.isChosen ? "true" : "false"}
      aria-disabled={option.disabled ? "true" : undefined}
      data-active={props.isActive ? "" : undefined}
      preventdefault:mousedown
      class={[
        "flex min-h-7 items-center gap-2 px-3 py-1 aria-disabled:opacity-50",
        props.isActive ? "bg-hover text-strong" : "",
      ]}
      onMouseMove$={props.onPoint$}
      onClick$={props.onChoose$}
    >
      <span class="min-w-0 flex-1">
        <span class="block truncate">{option.label}</span>
        {option.hint && <span class="block truncate text-sm text-muted">{option.hint}</span>}
      </span>
      {props.isChosen && <Icon name="check" size={14} />}
    </div>
  );
});

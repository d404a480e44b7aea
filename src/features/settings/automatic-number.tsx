import { component$, type QRL } from "@builder.io/qwik";
import { IconButton, NumberField } from "~/ui";
import { text } from "./strings";

interface AutomaticNumberProps {
  title: string;
  /** Null leaves the choice to the engine. */
  value: number | null;
  min: number;
  max: number;
  step?: number;
  /** What the empty field says; "Automatic" unless told. */
  placeholder?: string;
  disabled?: boolean;
  testId?: string;
  onChange$: QRL<(value: number | null) => void>;
}

/** A number, or "Automatic" while it is empty. */
export const AutomaticNumber = component$<AutomaticNumberProps>((props) => (
  <span class="flex items-center gap-1">
    <IconButton
      icon="undo"
      size="s"
      label={
        props.placeholder === undefined
          ? text.automaticAgain(props.title)
          : text.emptyAgain(props.title)
      }
      class={props.value === null ? "invisible" : ""}
      disabled={props.value === null}
      onClick$={() => props.onChange$(null)}
    />
    <NumberField
      label={props.title}
      hideLabel
      class="w-28"
      value={props.value}
      min={props.min}
      max={props.max}
      step={props.step}
      placeholder={props.placeholder ?? text.automatic}
      disabled={props.disabled}
      testId={props.testId}
      onChange$={props.onChange$}
    />
  </span>
));

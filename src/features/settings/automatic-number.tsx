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
      label={text.automaticAgain(props.title)}
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
      placeholder={text.automatic}
      disabled={props.disabled}
      testId={props.testId}
      onChange$={props.onChange$}
    />
  </span>
));

import { component$ } from "@builder.io/qwik";
import type { LabelColour } from "~/lib/label-colours";

export interface LabelChipProps {
  label: string;
  /** None for a text that is not one of the labels. */
  colour: LabelColour | null;
  testId?: string | undefined;
  class?: string | undefined;
}

/** A label in its colour. */
export const LabelChip = component$<LabelChipProps>((props) => (
  <span
    title={props.label}
    data-testid={props.testId}
    class={[
      "label-chip inline-block max-w-full truncate px-1.5 leading-5 [unicode-bidi:isolate]",
      props.colour !== null && `label-${props.colour}`,
      props.class,
    ]}
  >
    {props.label}
  </span>
));

import { component$ } from "@builder.io/qwik";
import { iconPaths } from "./icon-paths";

/** The name of a picture. */
export type IconName = keyof typeof iconPaths;

export interface IconProps {
  name: IconName;
  /** Edge in pixels; 16 by default. */
  size?: number | undefined;
  class?: string | undefined;
}

/** A picture in the colour of the text around it. Decoration: a name belongs to what holds it. */
export const Icon = component$<IconProps>(({ name, size = 16, class: extra }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width={size <= 14 ? 2 : 1.75}
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    class={["shrink-0", extra]}
  >
    {iconPaths[name].map((path) => (
      <path key={path} d={path} />
    ))}
  </svg>
));

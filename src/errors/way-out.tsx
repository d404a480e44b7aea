import { component$, type QRL, useContext } from "@builder.io/qwik";
import { AppContext, goToSettings } from "~/state/app";
import { Button, type ButtonVariant } from "~/ui";
import { text } from "./strings";
import type { WayOut } from "./table";

export interface WayOutButtonProps {
  wayOut: WayOut;
  variant?: ButtonVariant | undefined;
  class?: string | undefined;
  /** Called when the settings are open. */
  onGone$?: QRL<() => void> | undefined;
}

/** Opens the section of the settings where a failure is put right; nothing where that is open. */
export const WayOutButton = component$<WayOutButtonProps>((props) => {
  // Failures of the start are shown before there is an app.
  const app = useContext(AppContext, null);
  const { wayOut } = props;
  if (app === null) return null;
  if (app.screen === "settings" && app.settingsSection === wayOut) return null;
  return (
    <Button
      size="s"
      icon={props.variant === "ghost" ? undefined : "settings"}
      variant={props.variant}
      class={props.class}
      testId="failure-way-out"
      onClick$={async () => {
        goToSettings(app, wayOut);
        await props.onGone$?.();
      }}
    >
      {text.toBackends}
    </Button>
  );
});

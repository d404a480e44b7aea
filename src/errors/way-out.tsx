import { component$, type QRL, useContext } from "@builder.io/qwik";
import { AppContext, goToSettings } from "~/state/app";
import { Button, type ButtonVariant } from "~/ui";

export interface WayOutButtonProps {
  wayOut: { label: string; section: string };
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
  if (app.screen === "settings" && app.settingsSection === wayOut.section) return null;
  return (
    <Button
      size="s"
      icon={props.variant === "ghost" ? undefined : "settings"}
      variant={props.variant}
      class={props.class}
      testId="failure-way-out"
      onClick$={async () => {
        goToSettings(app, wayOut.section);
        await props.onGone$?.();
      }}
    >
      {wayOut.label}
    </Button>
  );
});

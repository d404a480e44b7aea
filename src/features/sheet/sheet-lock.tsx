import { $, component$, useSignal } from "@builder.io/qwik";
import { goToSettings } from "~/state/app";
import { Button, Icon, IconButton, Popover, Switch } from "~/ui";
import { perform } from "./actions";
import { text } from "./strings";
import { useSheetTools } from "./tools";

const words = text.lock;

/** Whether anything of the sheet may leave this computer: seen at a glance, changed behind a click. */
export const SheetLock = component$(() => {
  const tools = useSheetTools();
  const { sheet, app } = tools;
  const isOpen = useSignal(false);
  const isChanging = useSignal(false);
  const isOfSheet = sheet.info.local_only === true;
  const isOfSettings = app.settings.local_only;
  const isLocked = isOfSheet || isOfSettings;
  const toggle = $(() => {
    isOpen.value = !isOpen.value;
  });
  return (
    <span class="relative inline-flex">
      {isLocked ? (
        <button
          type="button"
          class="inline-flex h-6 items-center gap-1 rounded-full bg-success-soft px-2.5 font-medium text-success text-xs hover:underline"
          aria-expanded={isOpen.value ? "true" : "false"}
          aria-haspopup="dialog"
          title={isOfSheet ? words.lockedHint : words.lockedBySettings}
          data-testid="sheet-locked"
          onClick$={toggle}
        >
          <Icon name="lock" size={12} />
          {words.badge}
        </button>
      ) : (
        <IconButton
          icon="unlock"
          label={words.open}
          expanded={isOpen.value}
          testId="sheet-unlocked"
          onClick$={toggle}
        />
      )}
      {isOpen.value && (
        <Popover
          open
          label={words.title}
          testId="sheet-lock"
          class="w-80"
          onClose$={() => {
            isOpen.value = false;
          }}
        >
          <div class="flex items-center gap-2">
            <h2 class="flex-1 font-semibold text-strong">{words.title}</h2>
            <Switch
              label={words.title}
              hideLabel
              checked={isOfSheet}
              disabled={sheet.readOnly !== null || isChanging.value}
              testId="sheet-lock-switch"
              onChange$={async (locked) => {
                isChanging.value = true;
                await perform(tools, { do: "lock", locked });
                isChanging.value = false;
              }}
            />
          </div>
          <p class="mt-1 text-muted">{words.body}</p>
          {isOfSettings && (
            <>
              <p class="mt-2 text-normal">{words.lockedBySettings}</p>
              <Button
                size="s"
                icon="settings"
                class="mt-2"
                onClick$={() => goToSettings(app, "backends")}
              >
                {words.toSettings}
              </Button>
            </>
          )}
        </Popover>
      )}
    </span>
  );
});

import { component$, useSignal } from "@builder.io/qwik";
import { goToSettings } from "~/state/app";
import { Button, Icon, Popover, Switch } from "~/ui";
import { perform } from "./actions";
import { text } from "./strings";
import { useSheetTools } from "./tools";

const words = text.lock;

/** Whether anything of the sheet may leave this computer: seen at a glance, changed behind a click. */
export const SheetLock = component$(() => {
  const tools = useSheetTools();
  const { sheet, app } = tools;
  const isOpen = useSignal(false);
  /** What the switch was set to, while that is under way. */
  const asked = useSignal<boolean | null>(null);
  const isOfSheet = sheet.info.local_only === true;
  const isOfSettings = app.settings.local_only;
  const isLocked = isOfSheet || isOfSettings;
  const hint = isOfSheet ? words.lockedHint : words.lockedBySettings;
  return (
    <span class="relative inline-flex">
      {/* One button with two looks: the popover it opened stands under it and gives focus back. */}
      <button
        type="button"
        class={[
          "inline-flex shrink-0 items-center justify-center",
          isLocked
            ? "h-6 gap-1 rounded-full bg-success-soft px-2.5 font-medium text-success text-xs hover:underline"
            : "size-7 rounded-md text-muted transition-colors duration-100 hover:bg-hover hover:text-strong",
        ]}
        aria-expanded={isOpen.value ? "true" : "false"}
        aria-haspopup="dialog"
        aria-label={isLocked ? undefined : words.open}
        title={isLocked ? hint : words.open}
        data-testid={isLocked ? "sheet-locked" : "sheet-unlocked"}
        onClick$={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        <Icon name={isLocked ? "lock" : "unlock"} size={isLocked ? 12 : 16} />
        {isLocked && words.badge}
      </button>
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
              checked={asked.value ?? isOfSheet}
              disabled={sheet.readOnly !== null}
              testId="sheet-lock-switch"
              onChange$={async (locked) => {
                // Never off meanwhile, which would lose the focus: who sets it again is heard after.
                const isUnderWay = asked.value !== null;
                asked.value = locked;
                if (isUnderWay) return;
                let done: boolean | null = null;
                while (asked.value !== null && asked.value !== done) {
                  done = asked.value;
                  await perform(tools, { do: "lock", locked: done });
                }
                asked.value = null;
              }}
            />
          </div>
          {isOfSheet && <p class="mt-1 text-success">{words.lockedHint}</p>}
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

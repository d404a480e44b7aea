import { component$, type QRL } from "@builder.io/qwik";
import { Dialog, Kbd } from "~/ui";
import { keyGroups } from "./key-map";
import { text } from "./strings";

/** Every key that does something. */
export const KeyboardHelp = component$<{ open: boolean; onClose$: QRL<() => void> }>((props) => (
  <Dialog
    open={props.open}
    title={text.keyboardHelp}
    width="l"
    onClose$={props.onClose$}
    testId="shell-keyboard-help"
  >
    <div class="columns-1 gap-8 min-[720px]:columns-2">
      {keyGroups.map((group) => (
        <section key={group.title} class="mb-5 break-inside-avoid">
          <h3 class="mb-1 font-semibold text-strong">{group.title}</h3>
          <dl>
            {group.keys.map((line) => (
              <div
                key={line.does}
                class="flex min-h-8 items-center justify-between gap-3 border-b border-line py-1"
              >
                <dt>{line.does}</dt>
                <dd class="flex flex-wrap items-center justify-end gap-x-2 gap-y-1">
                  {line.keys.map((keys) => (
                    <Kbd key={keys} keys={keys} />
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  </Dialog>
));

import { $, component$, useConstant } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { Button, Dialog } from "~/ui";
import { pastePlanned, pasteWithColumns } from "./clipboard-actions";
import type { PastePlan } from "./paste-plan";
import { text } from "./strings";
import { useSheetTools } from "./tools";

/** Asks what to do with the part of a pasted block that has no place. */
export const PasteDialog = component$<{ plan: PastePlan }>((props) => {
  // For as long as the dialog lives: the store that it comes from is emptied when it closes.
  const plan = useConstant(() => props.plan);
  const tools = useSheetTools();
  const { ui, toasts } = tools;
  const close = $(() => {
    ui.dialog = null;
  });
  const paste = $(async (addColumns: boolean) => {
    ui.dialog = null;
    try {
      if (addColumns) await pasteWithColumns(tools, plan);
      else await pastePlanned(tools, plan);
      ui.view?.focus();
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  const { addedRows, lostColumns } = plan;
  return (
    <Dialog open width="s" title={text.paste.title} onClose$={close} testId="paste-dialog">
      <div class="flex flex-col gap-2">
        {addedRows > 0 && <p>{text.paste.adds(text.rows(addedRows))}</p>}
        {lostColumns > 0 && (
          <p>
            {lostColumns === 1 ? text.paste.dropsOne : text.paste.drops(text.columns(lostColumns))}
          </p>
        )}
      </div>
      <Button q:slot="footer" onClick$={close}>
        {text.paste.cancel}
      </Button>
      {lostColumns > 0 && (
        <Button q:slot="footer" onClick$={() => paste(false)} testId="paste-fits">
          {text.paste.fits}
        </Button>
      )}
      <Button
        q:slot="footer"
        variant="primary"
        onClick$={() => paste(lostColumns > 0)}
        testId="paste-confirm"
      >
        {lostColumns > 0 ? text.paste.addColumns(text.columns(lostColumns)) : text.paste.confirm}
      </Button>
    </Dialog>
  );
});

import { component$, useContext, useSignal } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { Badge, TextField } from "~/ui";
import { Disclosure } from "./disclosure";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** The system message; folded away, because the built-in one is right for nearly every column. */
export const SystemMessage = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const isOpen = useSignal(state.draft.system.trim() !== "");
  const isOwn = state.draft.system.trim() !== "";
  return (
    <Disclosure title={text.system.title} open={isOpen} testId="inspector-system-toggle">
      <Badge q:slot="aside" kind={isOwn ? "info" : "neutral"}>
        {isOwn ? text.system.own : text.system.builtIn}
      </Badge>
      <TextField
        label={text.system.label}
        hideLabel
        multiline
        rows={4}
        value={state.draft.system}
        disabled={sheet.readOnly !== null}
        placeholder={text.system.placeholder}
        hint={text.system.hint}
        onInput$={(value) => {
          state.draft.system = value;
        }}
        testId="inspector-system"
      />
    </Disclosure>
  );
});

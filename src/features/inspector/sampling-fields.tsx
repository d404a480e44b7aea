import { component$, useContext, useSignal } from "@builder.io/qwik";
import { SheetContext } from "~/state/sheet";
import { Badge, Button, NumberField, TextField } from "~/ui";
import { Disclosure } from "./disclosure";
import { DEFAULT_SAMPLING, plain } from "./draft";
import { AiColumnContext } from "./state";
import { text } from "./strings";
import { referencesOf } from "./template";

/** How the model chooses its words. The usual values are right for nearly every column. */
export const SamplingFields = component$(() => {
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const { sampling } = state.draft;
  const isUsual = JSON.stringify(plain(sampling)) === JSON.stringify(DEFAULT_SAMPLING);
  const isOpen = useSignal(!isUsual);
  const isReadOnly = sheet.readOnly !== null;
  const readsNothing = referencesOf(state.draft.prompt).length === 0;
  return (
    <Disclosure title={text.sampling.title} open={isOpen} testId="inspector-sampling-toggle">
      <Badge q:slot="aside" kind={isUsual ? "neutral" : "info"}>
        {isUsual ? text.sampling.usual : text.sampling.own}
      </Badge>
      <div class="grid grid-cols-2 gap-x-3 gap-y-3">
        <NumberField
          label={text.sampling.temperature}
          value={sampling.temperature}
          min={0}
          max={2}
          step={0.1}
          disabled={isReadOnly}
          hint={
            readsNothing && sampling.temperature === 0
              ? text.sampling.temperatureNew
              : text.sampling.temperatureHint
          }
          onChange$={(value) => {
            state.draft.sampling.temperature = value ?? DEFAULT_SAMPLING.temperature;
          }}
          testId="inspector-temperature"
        />
        <NumberField
          label={text.sampling.maxTokens}
          value={sampling.maxTokens}
          min={1}
          step={1}
          disabled={isReadOnly}
          placeholder={text.sampling.automatic}
          hint={text.sampling.maxTokensHint}
          onChange$={(value) => {
            state.draft.sampling.maxTokens = value;
          }}
          testId="inspector-max-tokens"
        />
        <NumberField
          label={text.sampling.topP}
          value={sampling.topP}
          min={0.01}
          max={1}
          step={0.05}
          disabled={isReadOnly}
          hint={text.sampling.topPHint}
          onChange$={(value) => {
            state.draft.sampling.topP = value ?? DEFAULT_SAMPLING.topP;
          }}
          testId="inspector-top-p"
        />
        <NumberField
          label={text.sampling.topK}
          value={sampling.topK}
          min={0}
          step={1}
          disabled={isReadOnly}
          hint={text.sampling.topKHint}
          onChange$={(value) => {
            state.draft.sampling.topK = value ?? DEFAULT_SAMPLING.topK;
          }}
          testId="inspector-top-k"
        />
        <NumberField
          label={text.sampling.minP}
          value={sampling.minP}
          min={0}
          max={1}
          step={0.05}
          disabled={isReadOnly}
          hint={text.sampling.minPHint}
          onChange$={(value) => {
            state.draft.sampling.minP = value ?? DEFAULT_SAMPLING.minP;
          }}
          testId="inspector-min-p"
        />
        <NumberField
          label={text.sampling.seed}
          value={sampling.seed}
          min={0}
          step={1}
          disabled={isReadOnly}
          hint={text.sampling.seedHint}
          onChange$={(value) => {
            state.draft.sampling.seed = value ?? DEFAULT_SAMPLING.seed;
          }}
          testId="inspector-seed"
        />
        <TextField
          label={text.sampling.stops}
          value={sampling.stops}
          multiline
          mono
          rows={2}
          disabled={isReadOnly}
          hint={text.sampling.stopsHint}
          onInput$={(value) => {
            state.draft.sampling.stops = value;
          }}
          testId="inspector-stops"
        />
      </div>
      <Button
        size="s"
        variant="ghost"
        icon="undo"
        class="self-start"
        disabled={isReadOnly || isUsual}
        onClick$={() => {
          state.draft.sampling = { ...DEFAULT_SAMPLING };
        }}
        testId="inspector-reset-sampling"
      >
        {text.sampling.reset}
      </Button>
    </Disclosure>
  );
});

import { $, component$, type QRL, useContext, useStore } from "@builder.io/qwik";
import { sentence, Words } from "~/errors";
import type { RunInfo } from "~/ipc";
import { formatCount } from "~/lib/format";
import { formatUsd, usdOf } from "~/lib/money";
import { AppContext } from "~/state/app";
import { SheetContext } from "~/state/sheet";
import { Button, Notice, NumberField } from "~/ui";
import { resumeRun } from "./commands";
import { rowsEnded } from "./figures";
import { type CapState, raisedCap } from "./run-scope";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** What the next run may take of a backend before it stops by itself. */
export const CapFields = component$(() => {
  const app = useContext(AppContext);
  const state = useContext(AiColumnContext);
  const usual = app.settings.engine.cap ?? {};
  return (
    <fieldset class="flex flex-wrap items-center gap-2" title={text.cap.hint}>
      <legend class="sr-only">{text.cap.title}</legend>
      <span class="text-sm text-muted" aria-hidden="true">
        {text.cap.title}
      </span>
      <Amounts
        cap={state.cap}
        usualUsd={usdOf(usual.micro_usd)}
        usualTokens={usual.tokens ?? null}
        testId="inspector-cap"
        onChange$={(cap) => {
          state.cap = cap;
        }}
      />
    </fieldset>
  );
});

/** A run that stopped at its limit, and the way to go on with a higher one. */
export const RaiseCap = component$<{ run: RunInfo }>(({ run }) => {
  const app = useContext(AppContext);
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const raised = raisedCap(run.request.cap ?? app.settings.engine.cap ?? {});
  const cap = useStore<{ now: CapState }>({ now: raised });
  const done = text.cap.reachedAt(formatCount(rowsEnded(run)), formatCount(run.rows_total));
  return (
    <Notice kind="warning" title={text.cap.reached} testId="inspector-limit-reached">
      <p class="tabular-nums">{done}</p>
      {run.error !== null && (
        <p class="text-muted">
          <Words text={sentence(run.error)} />
        </p>
      )}
      <fieldset class="mt-2 flex flex-wrap items-center gap-2" title={text.cap.raiseHint}>
        <legend class="sr-only">{text.cap.title}</legend>
        <Amounts
          cap={cap.now}
          only={{ usd: raised.usd !== null, tokens: raised.tokens !== null }}
          usualUsd={null}
          usualTokens={null}
          testId="inspector-raise"
          onChange$={({ usd, tokens }) => {
            // An emptied field would say "as before", which is what stopped the run.
            cap.now = { usd: usd ?? raised.usd, tokens: tokens ?? raised.tokens };
          }}
        />
        <Button
          size="s"
          icon="play"
          busy={state.busy === "run"}
          disabled={sheet.readOnly !== null}
          onClick$={() => resumeRun(sheet, state, run.id, cap.now)}
          testId="inspector-raise-resume"
        >
          {text.cap.raise}
        </Button>
      </fieldset>
    </Notice>
  );
});

interface AmountsProps {
  cap: CapState;
  /** Which of the two are shown; both unless told. */
  only?: { usd: boolean; tokens: boolean };
  usualUsd: number | null;
  usualTokens: number | null;
  testId: string;
  onChange$: QRL<(cap: CapState) => void>;
}

const Amounts = component$<AmountsProps>((props) => {
  const { cap, usualUsd, usualTokens, only = { usd: true, tokens: true } } = props;
  return (
    <span class="flex flex-wrap items-center gap-1 text-sm text-muted">
      {only.usd && (
        <span class="inline-flex items-center gap-1">
          <span aria-hidden="true">$</span>
          <NumberField
            label={text.cap.usd}
            hideLabel
            class="w-24"
            value={cap.usd}
            min={0.01}
            max={1_000_000}
            step={0.5}
            placeholder={usualUsd === null ? text.cap.none : text.cap.usual(formatUsd(usualUsd))}
            testId={`${props.testId}-usd`}
            onChange$={$((usd: number | null) => props.onChange$({ ...props.cap, usd }))}
          />
        </span>
      )}
      {only.tokens && (
        <span class="inline-flex items-center gap-1">
          <NumberField
            label={text.cap.tokens}
            hideLabel
            class="w-28"
            value={cap.tokens}
            min={1}
            max={1_000_000_000_000}
            step={1}
            placeholder={usualTokens === null ? text.cap.none : formatCount(usualTokens)}
            testId={`${props.testId}-tokens`}
            onChange$={$((tokens: number | null) => props.onChange$({ ...props.cap, tokens }))}
          />
          <span>{text.cap.tokensUnit}</span>
        </span>
      )}
    </span>
  );
});

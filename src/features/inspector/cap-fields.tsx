import { $, component$, type QRL, useContext, useStore, useTask$ } from "@builder.io/qwik";
import { sentence, Words } from "~/errors";
import { isLockedOut, isUsable, listedModel } from "~/features/models";
import { endFiguresOf, runKey } from "~/features/runs";
import { ipc, type RunCap, type RunInfo } from "~/ipc";
import { formatCount } from "~/lib/format";
import { endpointIds, remoteModel } from "~/lib/model-names";
import { formatUsd, usdOf } from "~/lib/money";
import { AppContext } from "~/state/app";
import { SheetContext } from "~/state/sheet";
import { Button, Notice, NumberField } from "~/ui";
import { resumeRun } from "./commands";
import { rowsEnded } from "./figures";
import { lockOf } from "./models";
import { billingOf, type CapState, raisedCap, spentOf } from "./run-scope";
import { AiColumnContext } from "./state";
import { text } from "./strings";

/** The fields that a button elsewhere leads to. */
const RAISE_ID = "inspector-raise-limit";

/** Puts the focus where a limit that was reached is raised. */
export function focusRaiseCap(): void {
  document.getElementById(RAISE_ID)?.querySelector("input")?.focus();
}

/** What the next run may take of a backend before it stops by itself. */
export const CapFields = component$(() => {
  const app = useContext(AppContext);
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const usual = app.settings.engine.cap ?? {};

  useTask$(({ track, cleanup }) => {
    const model = track(() => state.draft.model || app.settings.model);
    const endpoints = track(() => endpointIds(app.settings));
    const lock = track(() => lockOf(sheet, app));
    let stop = () => {};
    let isCurrent = true;
    cleanup(() => {
      isCurrent = false;
      stop();
    });
    const meant = remoteModel(model, endpoints);
    state.billing = "priced";
    if (meant === null) return;
    ipc.backends().then(
      ({ list }) => {
        const backend = list.find((one) => one.id === meant.backend);
        if (!isCurrent || backend === undefined) return;
        if (backend.is_this_machine) state.billing = billingOf(backend, undefined);
        else if (isUsable(backend) && !isLockedOut(backend, lock)) {
          stop = listedModel(backend.id, meant.model, (exact) => {
            if (isCurrent) state.billing = billingOf(backend, exact);
          });
        }
      },
      () => {
        // Both limits are offered while nothing is known.
      },
    );
  });

  return (
    <fieldset class="flex flex-wrap items-center gap-2" title={text.cap.hint}>
      <legend class="sr-only">{text.cap.title}</legend>
      <span class="text-sm text-muted" aria-hidden="true">
        {text.cap.title}
      </span>
      <Amounts
        cap={state.cap}
        only={{ usd: state.billing === "priced", tokens: true }}
        emptyUsd={usualUsdText(usual)}
        emptyTokens={usualTokensText(usual)}
        testId="inspector-cap"
        onChange$={(cap) => {
          state.cap = cap;
        }}
      />
      {state.billing === "unpriced" && (
        <p class="basis-full text-sm text-muted" data-testid="inspector-cap-unpriced">
          {text.cap.unpriced}
        </p>
      )}
    </fieldset>
  );
});

function usualUsdText(usual: RunCap): string {
  const usd = usdOf(usual.micro_usd);
  return usd === null ? text.cap.none : text.cap.usual(formatUsd(usd));
}

function usualTokensText(usual: RunCap): string {
  const tokens = usual.tokens ?? null;
  return tokens === null ? text.cap.none : formatCount(tokens);
}

/** What is offered where nothing is known of what a run took. */
const LEAST_TOKENS = 1000;

/** A run that stopped at its limit, and the way to go on with a higher one. */
export const RaiseCap = component$<{ run: RunInfo }>(({ run }) => {
  const app = useContext(AppContext);
  const sheet = useContext(SheetContext);
  const state = useContext(AiColumnContext);
  const key = runKey({ sheet: sheet.info.id, run: run.id });
  const spent = spentOf(endFiguresOf(key), run.error);
  // A limit in money that nobody can count is not raised: it is left out.
  const isUncountable = run.error?.includes("cannot be kept") ?? false;
  const before = run.request.cap ?? app.settings.engine.cap ?? {};
  const raised = isUncountable
    ? { usd: null, tokens: (spent.tokens ?? LEAST_TOKENS) * 2 }
    : raisedCap(before, spent);
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
      <fieldset
        id={RAISE_ID}
        class="mt-2 flex flex-wrap items-center gap-2"
        title={text.cap.raiseHint}
      >
        <legend class="sr-only">{text.cap.title}</legend>
        <Amounts
          cap={cap.now}
          only={{ usd: raised.usd !== null, tokens: raised.tokens !== null }}
          emptyUsd={raised.usd === null ? "" : String(raised.usd)}
          emptyTokens={raised.tokens === null ? "" : String(raised.tokens)}
          testId="inspector-raise"
          onChange$={(now) => {
            cap.now = now;
          }}
        />
        <Button
          size="s"
          icon="play"
          busy={state.busy === "run"}
          disabled={sheet.readOnly !== null}
          onClick$={() => {
            // An emptied field shows what is offered: "as before" is what stopped the run.
            const { usd, tokens } = cap.now;
            const next = { usd: usd ?? raised.usd, tokens: tokens ?? raised.tokens };
            return resumeRun(sheet, state, run.id, next);
          }}
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
  /** Which of the two are shown. */
  only: { usd: boolean; tokens: boolean };
  /** What a field says that holds nothing: what counts then. */
  emptyUsd: string;
  emptyTokens: string;
  testId: string;
  onChange$: QRL<(cap: CapState) => void>;
}

const Amounts = component$<AmountsProps>((props) => {
  const { cap, emptyUsd, emptyTokens, only } = props;
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
            placeholder={emptyUsd}
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
            placeholder={emptyTokens}
            testId={`${props.testId}-tokens`}
            onChange$={$((tokens: number | null) => props.onChange$({ ...props.cap, tokens }))}
          />
          <span>{text.cap.tokensUnit}</span>
        </span>
      )}
    </span>
  );
});

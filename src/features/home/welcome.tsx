import { component$, type QRL, useContext } from "@builder.io/qwik";
import { pickAndImport } from "~/features/import";
import { AppContext } from "~/state/app";
import { ToastContext } from "~/state/toasts";
import { Icon, type IconName, Spinner } from "~/ui";
import { createEmpty, startExample } from "./actions";
import type { HomeState } from "./home-state";
import { text } from "./strings";

/** What a person sees who has no sheet yet: what this is, and four ways to begin. */
export const Welcome = component$<{ state: HomeState; onPaste$: QRL<() => void> }>((props) => {
  const { state, onPaste$ } = props;
  const app = useContext(AppContext);
  const toasts = useContext(ToastContext);
  return (
    <section
      class="mx-auto flex w-full max-w-[720px] flex-col gap-6 py-6"
      data-testid="home-welcome"
    >
      <div class="flex flex-col gap-2 text-center">
        <h2 class="text-xl font-semibold text-balance text-strong">{text.welcome}</h2>
        <p class="flex items-center justify-center gap-1.5 text-muted">
          <Icon name="lock" size={14} />
          {text.welcomePrivate}
        </p>
      </div>
      <div class="grid grid-cols-2 gap-3">
        <Card
          icon="sparkle"
          title={text.welcomeExample}
          body={text.welcomeExampleBody}
          isMain
          isBusy={state.busy === "example"}
          isDisabled={state.busy !== null}
          onPress$={() => startExample(state, app, toasts)}
          testId="home-example"
        />
        <Card
          icon="upload"
          title={text.welcomeImport}
          body={text.welcomeImportBody}
          isMain
          isDisabled={state.busy !== null}
          onPress$={() => pickAndImport(app, toasts)}
          testId="home-import"
        />
        <Card
          icon="clipboard"
          title={text.welcomePaste}
          body={text.welcomePasteBody}
          isDisabled={state.busy !== null}
          onPress$={onPaste$}
          testId="home-paste"
        />
        <Card
          icon="plus"
          title={text.welcomeNew}
          body={text.welcomeNewBody}
          isBusy={state.busy === "new"}
          isDisabled={state.busy !== null}
          onPress$={() => createEmpty(state, app, toasts)}
          testId="home-new"
        />
      </div>
    </section>
  );
});

interface CardProps {
  icon: IconName;
  title: string;
  body: string;
  isMain?: boolean;
  isBusy?: boolean;
  isDisabled: boolean;
  onPress$: QRL<() => void>;
  testId: string;
}

const Card = component$<CardProps>((props) => (
  <button
    type="button"
    disabled={props.isDisabled}
    aria-busy={props.isBusy ? "true" : undefined}
    class={[
      "flex items-center gap-3 rounded-lg border border-line bg-panel px-4 text-left hover:border-strongline hover:bg-hover focus-visible:ring-2 ring-accent disabled:opacity-60",
      props.isMain ? "py-5" : "py-3",
    ]}
    onClick$={props.onPress$}
    data-testid={props.testId}
  >
    <span
      class={[
        "inline-flex shrink-0 items-center justify-center rounded-md",
        props.isMain ? "size-10 bg-accent-soft text-accent" : "size-8 bg-hover text-muted",
      ]}
    >
      {props.isBusy ? <Spinner label="" /> : <Icon name={props.icon} size={18} />}
    </span>
    <span class="flex min-w-0 flex-col">
      <span class="font-semibold text-strong">{props.title}</span>
      <span class="text-muted">{props.body}</span>
    </span>
  </button>
));

import { $, component$, useContext, useSignal, useTask$, useVisibleTask$ } from "@builder.io/qwik";
import { showFailure, WayOutButton, Words } from "~/errors";
import { closeToast, type Toast, ToastContext, type ToastKind } from "~/state/toasts";
import { Button, Icon, IconButton, type IconName } from "~/ui";
import { text } from "./strings";
import { closesAfter_ms, shownToasts } from "./toast-timing";

const looks: Record<ToastKind, { icon: IconName; mark: string }> = {
  info: { icon: "info", mark: "text-accent" },
  success: { icon: "check-circle", mark: "text-success" },
  warning: { icon: "warning", mark: "text-warning" },
  error: { icon: "warning", mark: "text-error" },
};

/** The messages at the bottom of the window. The pointer on one of them keeps all of them open. */
export const Toasts = component$(() => {
  const toasts = useContext(ToastContext);
  const held = useSignal(false);
  const region = useSignal<HTMLElement>();

  // Only the top layer is above an open dialog, and what is shown last stands on top.
  // biome-ignore lint/correctness/noQwikUseVisibleTask: the top layer needs the element
  useVisibleTask$(({ track }) => {
    const element = track(region);
    const count = track(() => toasts.items.length);
    if (!element?.showPopover) return;
    if (element.matches(":popover-open")) element.hidePopover();
    if (count > 0) element.showPopover();
    else held.value = false;
  });

  const shown = toasts.items.slice(-shownToasts);
  return (
    <section
      ref={region}
      popover="manual"
      aria-label={text.messages}
      data-testid="toasts"
      class="pointer-events-none fixed right-auto bottom-10 left-1/2 w-[min(440px,calc(100vw-32px))] -translate-x-1/2"
    >
      <div class="flex flex-col items-stretch gap-2">
        {toasts.items.length > shownToasts && (
          <Button
            size="s"
            class="pointer-events-auto self-end shadow-popover"
            onClick$={() => {
              toasts.items = [];
            }}
          >
            {text.closeAll(toasts.items.length)}
          </Button>
        )}
        <div
          aria-live="assertive"
          class="flex flex-col gap-2 empty:hidden"
          onMouseEnter$={() => {
            held.value = true;
          }}
          onMouseLeave$={() => {
            held.value = false;
          }}
        >
          {shown
            .filter((toast) => toast.kind === "error")
            .map((toast) => (
              <ToastCard key={toast.id} toast={toast} held={held.value} />
            ))}
        </div>
        <div
          aria-live="polite"
          class="flex flex-col gap-2 empty:hidden"
          onMouseEnter$={() => {
            held.value = true;
          }}
          onMouseLeave$={() => {
            held.value = false;
          }}
        >
          {shown
            .filter((toast) => toast.kind !== "error")
            .map((toast) => (
              <ToastCard key={toast.id} toast={toast} held={held.value} />
            ))}
        </div>
      </div>
    </section>
  );
});

const ToastCard = component$<{ toast: Toast; held: boolean }>((props) => {
  const toasts = useContext(ToastContext);
  const { toast } = props;
  const look = looks[toast.kind];

  useTask$(({ track, cleanup }) => {
    const isHeld = track(() => props.held);
    const after_ms = closesAfter_ms(toast);
    if (isHeld || after_ms === null) return;
    const timer = setTimeout(() => closeToast(toasts, toast.id), after_ms);
    cleanup(() => clearTimeout(timer));
  });

  const act = $(async () => {
    closeToast(toasts, toast.id);
    try {
      await toast.action?.run$();
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });

  return (
    <div
      data-testid={`toast-${toast.kind}`}
      class="pointer-events-auto flex items-start gap-2.5 rounded-lg bg-raised py-2 pr-2 pl-3 shadow-popover ui-appear"
    >
      <Icon name={look.icon} class={`mt-1 ${look.mark}`} />
      <div class="min-w-0 flex-1 py-0.5 select-text">
        <p class="font-medium break-words text-strong">{toast.title}</p>
        {toast.detail && (
          <p class="max-h-40 overflow-y-auto break-words whitespace-pre-line text-muted">
            <Words text={toast.detail} />
          </p>
        )}
      </div>
      {toast.action && (
        <Button size="s" variant="ghost" class="text-accent!" onClick$={act} testId="toast-action">
          {toast.action.label}
        </Button>
      )}
      {!toast.action && toast.wayOut && (
        <WayOutButton
          wayOut={toast.wayOut}
          variant="ghost"
          class="text-accent!"
          onGone$={() => closeToast(toasts, toast.id)}
        />
      )}
      <IconButton
        icon="x"
        size="s"
        label={text.closeMessage}
        onClick$={() => closeToast(toasts, toast.id)}
        testId="toast-close"
      />
    </div>
  );
});

import { component$, Slot } from "@builder.io/qwik";
import type { AppError } from "~/ipc";
import { Notice } from "~/ui";
import { pieces, sentence } from "./sentence";
import { failureKind } from "./table";
import { WayOutButton } from "./way-out";

export interface FailureNoticeProps {
  /** A `Failure`, or the error of a cell or a run. */
  failure: Pick<AppError, "code" | "message" | "hint">;
  /** Leaves out what kind of failure it is, where the place says that. */
  hideTitle?: boolean | undefined;
  testId?: string | undefined;
  class?: string | undefined;
}

/** A failure in the place where it happened: what it is, what happened, what to try. */
export const FailureNotice = component$<FailureNoticeProps>((props) => {
  const kind = failureKind(props.failure.code);
  return (
    <Notice
      kind={kind.severity === "silent" ? "info" : kind.severity}
      title={props.hideTitle ? undefined : kind.title}
      testId={props.testId ?? "failure"}
      class={props.class}
    >
      <p class="whitespace-pre-line">
        <Words text={sentence(props.failure.message)} />
      </p>
      {props.failure.hint && (
        <p class="mt-0.5 whitespace-pre-line text-muted">
          <Words text={sentence(props.failure.hint)} />
        </p>
      )}
      {kind.wayOut && <WayOutButton wayOut={kind.wayOut} class="mt-2" />}
      <Slot />
    </Notice>
  );
});

/** A message whose quoted parts stand out. */
export const Words = component$<{ text: string }>(({ text }) => (
  <>
    {pieces(text).map((piece, place) =>
      piece.quoted ? (
        <code key={place} class="font-mono text-sm break-all">
          {piece.text}
        </code>
      ) : (
        <span key={place}>{piece.text}</span>
      ),
    )}
  </>
));

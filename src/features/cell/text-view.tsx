import { component$, useSignal } from "@builder.io/qwik";
import { harmless } from "~/lib/harmless";
import { Button } from "~/ui";
import { firstPieces } from "./pieces";
import { text as words } from "./strings";

interface TextViewProps {
  text: string;
  /** Shows it as code: fixed width, lines that do not wrap. */
  code?: boolean;
}

/** A text of any length, piece by piece, with nothing hidden in it. */
export const TextView = component$<TextViewProps>((props) => {
  const more = useSignal(0);
  const { pieces, left } = firstPieces(props.text, more.value);
  return (
    <div class="flex min-h-0 flex-col items-start gap-2">
      <div
        dir="auto"
        class={[
          "w-full select-text text-normal [unicode-bidi:isolate]",
          props.code
            ? "overflow-x-auto rounded-md bg-panel p-2 font-mono text-sm whitespace-pre"
            : "break-words whitespace-pre-wrap",
        ]}
        data-testid="cell-text"
      >
        {pieces.map((piece, place) => (
          <span key={place}>{harmless(piece)}</span>
        ))}
      </div>
      {left > 0 && (
        <Button
          size="s"
          testId="cell-show-more"
          onClick$={() => {
            more.value += 1;
          }}
        >
          {words.showMore(left)}
        </Button>
      )}
    </div>
  );
});

import { component$, useSignal } from "@builder.io/qwik";
import type { Message } from "~/ipc";
import { formatCount } from "~/lib/format";
import { Button } from "~/ui";
import { text } from "./strings";

/** Longer messages are shown in part at first: a row can hold megabytes. */
const SHOWN_CHARACTERS = 4_000;

/** The messages of a conversation, as text. */
export const MessageList = component$<{ messages: readonly Message[] }>((props) => (
  <ol class="flex flex-col gap-2" data-testid="inspector-messages">
    {props.messages.map((message, index) => (
      <li key={index} class="overflow-hidden rounded-md border border-line bg-raised">
        <MessageText message={message} />
      </li>
    ))}
  </ol>
));

const MessageText = component$<{ message: Message }>(({ message }) => {
  const isWhole = useSignal(false);
  const { content, role } = message;
  const isCut = content.length > SHOWN_CHARACTERS && !isWhole.value;
  return (
    <>
      <h4 class="border-b border-line px-2 py-1 text-sm font-medium text-muted">
        {text.final.roles[role]}
      </h4>
      <pre class="px-2 py-1.5 font-mono text-sm break-words whitespace-pre-wrap text-normal select-text [unicode-bidi:isolate]">
        {isCut ? `${content.slice(0, SHOWN_CHARACTERS)}…` : content}
      </pre>
      {isCut && (
        <Button
          size="s"
          variant="ghost"
          class="m-1"
          onClick$={() => {
            isWhole.value = true;
          }}
        >
          {text.final.showAll(formatCount(content.length))}
        </Button>
      )}
    </>
  );
});

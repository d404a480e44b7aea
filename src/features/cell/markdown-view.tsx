import { $, component$, type JSXOutput, type QRL, useContext, useSignal } from "@builder.io/qwik";
import { showFailure } from "~/errors";
import { ipc } from "~/ipc";
import { harmless } from "~/lib/harmless";
import { ToastContext } from "~/state/toasts";
import { Button, ConfirmDialog, Icon } from "~/ui";
import { type Align, type Block, type Inline, parseMarkdown } from "./markdown";
import { firstPieces } from "./pieces";
import { text as words } from "./strings";

type Ask = QRL<(url: string) => void>;

/**
 * Markdown as elements of this window. Nothing is loaded; a link shows its whole address and asks
 * before it opens the browser.
 */
export const MarkdownView = component$<{ text: string }>((props) => {
  const toasts = useContext(ToastContext);
  const more = useSignal(0);
  const link = useSignal<string | null>(null);
  const { pieces, left } = firstPieces(props.text, more.value);
  const ask = $((url: string) => {
    link.value = url;
  });
  const close = $(() => {
    link.value = null;
  });
  const open = $(async () => {
    const url = link.value;
    link.value = null;
    if (url === null) return;
    try {
      await ipc.openLink(url);
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });
  return (
    <div class="flex flex-col items-start gap-2">
      <div
        dir="auto"
        class="flex w-full flex-col gap-2.5 break-words select-text text-normal"
        data-testid="cell-markdown"
      >
        {parseMarkdown(harmless(pieces.join(""))).map((block, place) => drawn(block, place, ask))}
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
      <ConfirmDialog
        open={link.value !== null}
        title={words.linkTitle}
        body={words.linkBody(link.value ?? "")}
        confirm={words.linkOpen}
        onConfirm$={open}
        onClose$={close}
        testId="cell-link-dialog"
      />
    </div>
  );
});

const headings = [
  "text-xl font-semibold",
  "text-lg font-semibold",
  "text-base font-semibold",
  "font-semibold",
  "font-semibold text-muted",
  "text-sm font-semibold text-muted",
] as const;

const aligns: Record<Align, string> = {
  start: "text-start",
  center: "text-center",
  end: "text-end",
};

function drawn(block: Block, place: number, ask: Ask): JSXOutput {
  switch (block.kind) {
    case "heading": {
      // The panel has headings of its own: those of a cell begin below them.
      const Heading = `h${Math.min(6, block.level + 2)}` as "h3" | "h4" | "h5" | "h6";
      return (
        <Heading key={place} class={["text-strong", headings[block.level - 1]]}>
          {inline(block.content, ask)}
        </Heading>
      );
    }
    case "paragraph":
      return (
        <p key={place} class="whitespace-pre-line">
          {inline(block.content, ask)}
        </p>
      );
    case "quote":
      return (
        <blockquote
          key={place}
          class="flex flex-col gap-2 border-strongline border-s-2 ps-3 text-muted"
        >
          {block.blocks.map((inner, at) => drawn(inner, at, ask))}
        </blockquote>
      );
    case "code":
      return (
        <pre key={place} class="overflow-x-auto rounded-md bg-panel p-2 font-mono text-sm">
          {block.text}
        </pre>
      );
    case "rule":
      return <hr key={place} class="border-line" />;
    case "list":
      return drawnList(block, place, ask);
    case "table":
      return drawnTable(block, place, ask);
  }
}

function drawnList(block: Extract<Block, { kind: "list" }>, place: number, ask: Ask): JSXOutput {
  const items = block.items.map((item, at) => (
    <li key={at} class={item.checked === null ? "" : "flex list-none gap-2"}>
      {item.checked !== null && (
        <span role="img" aria-label={item.checked ? words.done : words.toDo}>
          {item.checked ? "☑" : "☐"}
        </span>
      )}
      <div class="flex min-w-0 flex-col gap-1">
        {item.blocks.map((inner, innerAt) => drawn(inner, innerAt, ask))}
      </div>
    </li>
  ));
  return block.ordered ? (
    <ol
      key={`${place} ${block.start}`}
      start={block.start}
      class="flex list-decimal flex-col gap-1 ps-6"
    >
      {items}
    </ol>
  ) : (
    <ul key={place} class="flex list-disc flex-col gap-1 ps-5">
      {items}
    </ul>
  );
}

function drawnTable(block: Extract<Block, { kind: "table" }>, place: number, ask: Ask): JSXOutput {
  return (
    <div key={place} class="overflow-x-auto">
      <table class="border-collapse text-sm">
        <thead>
          <tr>
            {block.header.map((cell, at) => (
              <th
                key={at}
                scope="col"
                class={["border border-line bg-panel px-2 py-1 font-medium", align(block, at)]}
              >
                {inline(cell, ask)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, rowAt) => (
            <tr key={rowAt}>
              {row.map((cell, at) => (
                <td key={at} class={["border border-line px-2 py-1 align-top", align(block, at)]}>
                  {inline(cell, ask)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function align(block: Extract<Block, { kind: "table" }>, column: number): string {
  return aligns[block.align[column] ?? "start"];
}

function inline(content: Inline[], ask: Ask): JSXOutput[] {
  return content.map((piece, place) => drawnPiece(piece, place, ask));
}

function drawnPiece(piece: Inline, place: number, ask: Ask): JSXOutput {
  switch (piece.kind) {
    case "text":
      return <span key={place}>{piece.text}</span>;
    case "code":
      return (
        <code key={place} class="rounded-sm bg-hover px-1 font-mono text-sm">
          {piece.text}
        </code>
      );
    case "strong":
      return (
        <strong key={place} class="font-semibold text-strong">
          {inline(piece.content, ask)}
        </strong>
      );
    case "emphasis":
      return <em key={place}>{inline(piece.content, ask)}</em>;
    case "strike":
      return <s key={place}>{inline(piece.content, ask)}</s>;
    case "break":
      return <br key={place} />;
    case "image":
      return (
        <span
          key={place}
          class="inline-flex items-center gap-1 rounded-sm bg-hover px-1 text-muted"
          title={words.imageNotLoadedHint(piece.url)}
        >
          <Icon name="image" size={12} />
          {words.imageNotLoaded(piece.description)}
        </span>
      );
    case "link":
      // The address is part of the key: at the same place, an element keeps its first props.
      return (
        <Link key={`${place} ${piece.url}`} url={piece.url} content={piece.content} ask$={ask} />
      );
  }
}

const Link = component$<{ url: string; content: Inline[]; ask$: Ask }>((props) => (
  <button
    type="button"
    class="inline cursor-pointer text-start text-accent underline underline-offset-2"
    title={props.url}
    data-testid="cell-link"
    onClick$={() => props.ask$(props.url)}
  >
    {inline(
      props.content.filter((piece) => piece.kind !== "link"),
      props.ask$,
    )}
  </button>
));

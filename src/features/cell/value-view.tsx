import { component$, noSerialize } from "@builder.io/qwik";
import type { CellView, Value } from "~/ipc";
import { imageOf, jsonOf, type ViewKind } from "./content";
import { HtmlView } from "./html-view";
import { ImageView } from "./image-view";
import { JsonView } from "./json-view";
import { MarkdownView } from "./markdown-view";
import { text as words } from "./strings";
import { TextView } from "./text-view";

interface ValueViewProps {
  /** The whole cell: Qwik would take `value={cell.value}` for a signal that never changes. */
  cell: CellView;
  text: string;
  view: ViewKind;
}

/** A value in one of the views that fit it. */
export const ValueView = component$<ValueViewProps>(({ cell, text, view }) => {
  const value = cell.value;
  if (value === null) return <p class="text-faint">{words.empty}</p>;
  if (text === "") return <p class="text-faint">{words.emptyText}</p>;
  switch (view) {
    case "markdown":
      return <MarkdownView text={text} />;
    case "json":
      return <JsonView value={noSerialize({ root: jsonOf(value, text) ?? null })} />;
    case "code":
      return <TextView text={prettyText(value, text)} code />;
    case "html":
      return <HtmlView text={text} />;
    case "image":
      return <ImageView url={imageOf(text) ?? ""} />;
    default:
      return <TextView text={text} />;
  }
});

/** Structure as code stands over several lines; a text stays as it is. */
function prettyText(value: Value, text: string): string {
  return typeof value === "object" ? JSON.stringify(value, null, 2) : text;
}

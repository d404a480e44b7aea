import { component$ } from "@builder.io/qwik";
import { Notice } from "~/ui";
import { framedPage, LONGEST_PAGE } from "./html-page";
import { text as words } from "./strings";
import { TextView } from "./text-view";

/** HTML as a page in a frame that runs nothing and reaches nothing. */
export const HtmlView = component$<{ text: string }>((props) => {
  if (props.text.length > LONGEST_PAGE) {
    return (
      <>
        <Notice kind="info">{words.htmlTooLong}</Notice>
        <TextView text={props.text} code />
      </>
    );
  }
  return (
    <>
      <iframe
        title={words.htmlTitle}
        sandbox=""
        srcdoc={framedPage(props.text)}
        referrerPolicy="no-referrer"
        class="min-h-64 w-full flex-1 rounded-md border border-line bg-white"
        data-testid="cell-html"
      />
      <p class="text-muted text-sm">{words.htmlNote}</p>
    </>
  );
});

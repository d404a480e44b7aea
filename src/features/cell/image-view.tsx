import { component$, useSignal, useTask$ } from "@builder.io/qwik";
import { Notice } from "~/ui";
import { text as words } from "./strings";

/** An image that is all in its address (`data:`); the caller makes sure of that. */
export const ImageView = component$<{ url: string }>((props) => {
  const size = useSignal("");
  const isBroken = useSignal(false);
  useTask$(({ track }) => {
    track(() => props.url);
    size.value = "";
    isBroken.value = false;
  });
  return (
    <figure class="flex flex-col gap-1.5">
      {isBroken.value ? (
        <Notice kind="warning">{words.imageBroken}</Notice>
      ) : (
        // The size is that of the image, which nobody knows before it is read.
        // biome-ignore lint/correctness/useImageSize: it is not known
        <img
          src={props.url}
          alt={words.imageAlt}
          class="max-w-full self-start rounded-md border border-line"
          data-testid="cell-image"
          onLoad$={(_, image) => {
            size.value = words.imageSize(image.naturalWidth, image.naturalHeight);
          }}
          onError$={() => {
            isBroken.value = true;
          }}
        />
      )}
      <figcaption class="min-h-4 text-muted text-xs tabular-nums">{size.value}</figcaption>
    </figure>
  );
});

import { $, component$, type NoSerialize, useComputed$, useStore } from "@builder.io/qwik";
import type { Value } from "~/ipc";
import { harmless } from "~/lib/harmless";
import { Icon } from "~/ui";
import { type JsonLine, jsonLines, LIMIT_PATH, type Path } from "./json-lines";
import { text as words } from "./strings";

const colors: Record<JsonLine["kind"], string> = {
  object: "text-muted",
  list: "text-muted",
  end: "text-muted",
  more: "text-accent",
  text: "text-success",
  number: "text-accent",
  boolean: "text-ai",
  null: "text-ai",
};

/** A list or an object as a tree that folds. */
export const JsonView = component$<{ value: NoSerialize<{ root: Value }> }>((props) => {
  const unfolded = useStore<{ open: Record<Path, boolean>; more: Record<Path, number> }>({
    open: {},
    more: {},
  });
  const lines = useComputed$(() =>
    jsonLines(props.value?.root ?? null, {
      open: { ...unfolded.open },
      more: { ...unfolded.more },
    }),
  );
  const toggle = $((path: Path, isOpen: boolean) => {
    unfolded.open[path] = !isOpen;
  });
  const showMore = $((path: Path) => {
    unfolded.more[path] = (unfolded.more[path] ?? 0) + 1;
  });
  return (
    <div
      class="w-full overflow-x-auto rounded-md bg-panel py-1.5 font-mono text-sm select-text"
      data-testid="cell-json"
    >
      {lines.value.map((line) => (
        <div
          key={`${line.path} ${line.kind}`}
          class="flex min-w-max items-start pe-2 whitespace-pre-wrap"
          style={{ paddingInlineStart: `${4 + line.depth * 14}px` }}
        >
          {line.count > 0 ? (
            <button
              type="button"
              class="mt-0.5 inline-flex size-4 flex-none items-center justify-center rounded-sm text-muted hover:bg-hover"
              aria-expanded={line.isOpen ? "true" : "false"}
              aria-label={`${line.isOpen ? words.fold : words.unfold} ${line.key ?? ""}`}
              onClick$={() => toggle(line.path, line.isOpen)}
            >
              <Icon name={line.isOpen ? "chevron-down" : "chevron-right"} size={12} />
            </button>
          ) : (
            <span class="w-4 flex-none" />
          )}
          <span class="max-w-[640px] break-words">
            {line.key !== null && (
              <span class="text-normal">
                {harmless(String(line.key))}
                <span class="text-faint">: </span>
              </span>
            )}
            {line.kind === "more" ? (
              line.path === LIMIT_PATH ? (
                <span class="text-muted">{words.tooManyLines}</span>
              ) : (
                <button
                  type="button"
                  class="text-accent hover:underline"
                  onClick$={() => showMore(line.path)}
                >
                  {words.moreEntries(line.left)}
                </button>
              )
            ) : (
              <span class={colors[line.kind]}>{harmless(line.text)}</span>
            )}
            {line.count > 0 && !line.isOpen && (
              <span class="text-faint"> {words.entries(line.count)}</span>
            )}
          </span>
        </div>
      ))}
    </div>
  );
});

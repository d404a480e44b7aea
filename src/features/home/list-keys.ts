import { isLayerOpen, isTyping } from "~/ui";

/** What a key does in the list of sheets. */
export type ListKey = { kind: "move"; to: number } | { kind: "rename" } | { kind: "delete" };

const PAGE = 10;

/**
 * What a key does while the sheet at `at` of `count` has the focus, or null. Keys with Ctrl, Alt or
 * Meta belong to the window. On a Mac the key above Return deletes, as in the Finder with Command.
 */
export function listKey(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">,
  at: number,
  count: number,
): ListKey | null {
  if (count === 0 || at < 0) return null;
  if (event.metaKey && event.key === "Backspace") return { kind: "delete" };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case "ArrowDown":
      return move(at + 1, count);
    case "ArrowUp":
      return move(at - 1, count);
    case "PageDown":
      return move(at + PAGE, count);
    case "PageUp":
      return move(at - PAGE, count);
    case "Home":
      return move(0, count);
    case "End":
      return move(count - 1, count);
    case "F2":
      return { kind: "rename" };
    case "Delete":
      return { kind: "delete" };
    default:
      return null;
  }
}

function move(to: number, count: number): ListKey {
  return { kind: "move", to: Math.min(count - 1, Math.max(0, to)) };
}

/** What the list does when its keys ask for it; a sheet is named by its id. */
export interface ListActions {
  rename: (sheet: string) => void;
  remove: (sheet: string) => Promise<void>;
}

/**
 * Lets arrow keys move among the elements with `data-sheet`, and "/" go to the search field from
 * anywhere in the window. Returns what ends that.
 */
export function hearListKeys(list: HTMLElement, actions: ListActions): () => void {
  const page = list.ownerDocument;
  const search = list.querySelector<HTMLInputElement>("input[type=search]");

  function lines(): HTMLElement[] {
    return [...list.querySelectorAll<HTMLElement>("[data-sheet]")];
  }

  function inList(event: KeyboardEvent) {
    const all = lines();
    if (event.target === search) {
      if (event.key !== "ArrowDown" || event.isComposing) return;
      event.preventDefault();
      all[0]?.focus();
      return;
    }
    const at = event.target instanceof HTMLElement ? all.indexOf(event.target) : -1;
    const found = listKey(event, at, all.length);
    const sheet = all[at]?.dataset.sheet;
    if (!found || !sheet) return;
    event.preventDefault();
    if (found.kind === "rename") {
      actions.rename(sheet);
    } else if (found.kind === "delete") {
      const neighbour = (all[at + 1] ?? all[at - 1])?.dataset.sheet;
      void actions.remove(sheet).then(() => focusSoon(neighbour));
    } else if (at === 0 && event.key === "ArrowUp") {
      search?.focus();
    } else {
      all[found.to]?.focus();
    }
  }

  function focusSoon(sheet: string | undefined) {
    requestAnimationFrame(() => {
      (lines().find((line) => line.dataset.sheet === sheet) ?? search)?.focus();
    });
  }

  function anywhere(event: KeyboardEvent) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || isLayerOpen()) return;
    event.preventDefault();
    search?.focus();
    search?.select();
  }

  list.addEventListener("keydown", inList);
  page.addEventListener("keydown", anywhere);
  return () => {
    list.removeEventListener("keydown", inList);
    page.removeEventListener("keydown", anywhere);
  };
}

/**
 * Makes a field settle a name once: Enter and leaving it give the name, Escape gives null. `byKey`
 * tells that the focus is to go back where it was. Returns what ends that.
 */
export function settleName(
  input: HTMLInputElement,
  done: (name: string | null, byKey: boolean) => void,
): () => void {
  let isDone = false;
  function settle(name: string | null, byKey: boolean) {
    if (isDone) return;
    isDone = true;
    done(name, byKey);
  }
  function key(event: KeyboardEvent) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter") settle(input.value, true);
    if (event.key === "Escape") settle(null, true);
  }
  function blur() {
    settle(input.value, false);
  }
  input.addEventListener("keydown", key);
  input.addEventListener("blur", blur);
  input.focus();
  input.select();
  return () => {
    input.removeEventListener("keydown", key);
    input.removeEventListener("blur", blur);
  };
}

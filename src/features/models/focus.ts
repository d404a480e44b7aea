/** Where the focus goes when what had it is gone. */
import type { ModelsState } from "~/state/models";

/** As many frames as what was asked for may take to be painted. */
const FRAMES = 60;

/** Whether nothing has the focus: what had it went. */
function isLost(): boolean {
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body;
}

/**
 * Gives the focus to an element as soon as something is painted, if it is lost then: a person who
 * went elsewhere meanwhile stays there.
 */
export function focusWhenLost(
  isPainted: () => boolean,
  find: () => HTMLElement | null | undefined,
): void {
  const nextFrame = globalThis.requestAnimationFrame;
  // Tests of components have no page that is painted.
  if (nextFrame === undefined) return;
  function look(left: number) {
    if (!isPainted() && left > 0) {
      nextFrame(() => look(left - 1));
      return;
    }
    if (isLost()) find()?.focus({ preventScroll: true });
  }
  nextFrame(() => look(FRAMES));
}

/** What opened a repository of the hub, else the field where one is searched. */
function openerOf(reference: string): HTMLElement | null {
  const openers = [...document.querySelectorAll<HTMLElement>("[data-opens]")];
  const opener = openers.find((one) => one.dataset.opens === reference);
  return opener ?? document.querySelector<HTMLElement>("[data-testid=hub-search]");
}

/** Goes back from a repository of the hub to the list that it was opened from. */
export function closeRepository(models: Pick<ModelsState, "hubOpen">): void {
  const reference = models.hubOpen;
  if (reference === null) return;
  models.hubOpen = null;
  focusWhenLost(
    () => document.querySelector("[data-testid=hub-page]") === null,
    () => openerOf(reference),
  );
}

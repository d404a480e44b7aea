/**
 * Keeps the list of models for MLX from the commands and the events of the Rust side. Where one
 * stands and how far it is comes with the events; the list is read anew when one came, went or failed.
 */
import { type Event, ipc, type MlxModelState, onEvent } from "~/ipc";
import type { ModelsState } from "~/state/models";
import { isNews, withHeard, withRead } from "./mlx-models";

/** The list is read again after so long where it could not be read. */
const AGAIN_AFTER_MS = 5_000;

/** Reads the list anew, after a command that changed it. What is heard meanwhile is newer. */
export async function readMlxModels(state: ModelsState): Promise<void> {
  const heard: MlxModelState[] = [];
  const unlisten = onEvent((event) => {
    if (event.event === "mlx-model-state-changed") heard.push(event);
  });
  try {
    state.mlx = heard.reduce(withHeard, withRead(await ipc.mlxListModels(), state.mlx));
  } finally {
    unlisten();
  }
}

/** Keeps `state` until the returned function is called. */
export function keepMlxModels(state: ModelsState): () => void {
  /** What is heard while the list is read, which may be older. */
  let heardSinceAsked: MlxModelState[] = [];
  let asked = 0;
  let againTimer: ReturnType<typeof setTimeout> | null = null;

  async function readAll() {
    asked += 1;
    const turn = asked;
    heardSinceAsked = [];
    if (againTimer !== null) clearTimeout(againTimer);
    try {
      const list = await ipc.mlxListModels();
      // Of two at once the later one knows more; after the end nobody wants to know.
      if (turn === asked) {
        state.mlx = heardSinceAsked.reduce(withHeard, withRead(list, state.mlx));
      }
    } catch {
      // Whoever does something with one is told what is wrong; until then the list may be late.
      if (turn === asked) againTimer = setTimeout(() => void readAll(), AGAIN_AFTER_MS);
    }
  }

  function hear(event: Event) {
    if (event.event === "models_changed") void readAll();
    if (event.event !== "mlx-model-state-changed") return;
    heardSinceAsked.push(event);
    const isToRead = isNews(state.mlx, event);
    state.mlx = withHeard(state.mlx, event);
    if (isToRead) void readAll();
  }

  const unlisten = onEvent(hear);
  void readAll();
  return () => {
    asked = -1;
    unlisten();
    if (againTimer !== null) clearTimeout(againTimer);
  };
}

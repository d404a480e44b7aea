import type { Event, ModelStatus } from "../bindings";
import { STATUSES } from "./download-states";

/** What is told of a model, once more for who looks at models for MLX alone; null of others. */
export function mlxStateOf(event: Event): Event | null {
  const stands = (model: string, status: ModelStatus, rest: Partial<MlxEvent>): Event | null => {
    const state: MlxEvent = { event: CHANGED, model, status, fraction: null, error: null, ...rest };
    // Only files have this ending, and all of them have it.
    return /\.gguf$/i.test(model) ? null : state;
  };
  switch (event.event) {
    case "download_progress": {
      const { name, state, bytes_done, bytes_total, error } = event;
      const fraction = Math.min(1, bytes_done / Math.max(1, bytes_total));
      return stands(name, STATUSES[state], { fraction, error });
    }
    case "model_loading":
      return stands(event.model, "loading", { fraction: event.fraction });
    case "model_status":
      return stands(event.model, event.status, { error: event.error });
    default:
      return null;
  }
}

const CHANGED = "mlx-model-state-changed";
type MlxEvent = Extract<Event, { event: typeof CHANGED }>;

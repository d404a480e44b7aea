import type { AppError, ModelStatus } from "../bindings";
import type { World } from "./world";

/** Has a model stand elsewhere than before: the list says so, and who listens hears of it. */
export function stand(
  world: World,
  model: string,
  status: ModelStatus,
  error: AppError | null = null,
): void {
  const file = world.models.find((one) => one.name === model);
  if (file) Object.assign(file, { status, error });
  if (file && status === "running") file.used_at_ms = world.now();
  world.emit({ event: "model_status", model, status, error });
}

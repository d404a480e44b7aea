/** Which model new columns begin with. */
import type { ModelFile } from "~/ipc";
import { fileName } from "~/lib/model-names";

/** The model that the first run is made with when nobody chose one. */
const STARTER_MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf";

/** The model for new columns: the one chosen in the settings, else the starter, else the only one. */
export function defaultModel(models: readonly ModelFile[], chosen: string): string {
  if (chosen !== "") return chosen;
  const starter = models.find((model) => fileName(model.name) === STARTER_MODEL);
  // A tuned copy is there only beside its original, and only by somebody's choice.
  const originals = models.filter((model) => model.tuned === null);
  return (starter ?? (originals.length === 1 ? originals[0] : undefined))?.name ?? "";
}

/** Choosing a model: one on this computer, or one of a backend. Used wherever a model is chosen. */
export { hostOf, isInTheClear } from "./host";
export { ModelField, type ModelFieldProps } from "./model-field";
export type { Lock } from "./model-search";

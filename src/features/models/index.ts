/** Choosing a model: one on this computer, or one of a backend. Used wherever a model is chosen. */
export { hostOf, isInTheClear } from "./host";
export { listedModel } from "./listed-model";
export { ModelField, type ModelFieldProps } from "./model-field";
export { isLockedOut, isUsable, type Lock } from "./model-search";

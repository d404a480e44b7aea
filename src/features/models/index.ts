/**
 * The models: the screen where they are found, fetched and deleted, the models on their way, and
 * the field where one is chosen, a file of this computer or a model of a backend.
 */
export { addModels } from "./add-models";
export { defaultModel } from "./default-model";
export { downloadOf, isActive, overallOf } from "./downloads";
export { FirstModel, type FirstModelProps } from "./first-model";
export { hostOf, isInTheClear, mayCost } from "./host";
export { listedModel } from "./listed-model";
export { chosenOf } from "./mlx-models";
export { mlxWords } from "./mlx-strings";
export { ModelField, type ModelFieldProps } from "./model-field";
export { isLockedOut, isUsable, type Lock } from "./model-search";
export { ModelsScreen } from "./models-screen";
export { useModels } from "./use-models";

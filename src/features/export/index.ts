/** Taking things out of the open sheet: its rows as a file, its AI columns as a recipe. */
export { ExportDialog } from "./export-dialog";
export { RecipeDialog, type RecipeDialogProps, type RecipeTab } from "./recipe-dialog";

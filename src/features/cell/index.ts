/** The cell panel: one cell's whole value, how it came about, and the prompt behind it. */
export { CellPanel } from "./cell-panel";

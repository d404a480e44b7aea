/** The grid: shows a sheet's cells, and tells what the user wants done with them. */
export { formatTsv, parseTsv } from "./clipboard";
export { Grid, type GridProps } from "./grid";
export { GridView } from "./grid-view";
export type {
  GridColumn,
  GridIntent,
  GridModel,
  GridOptions,
  GridRange,
  GridSelectionSnapshot,
  GridSource,
  RowHeight,
} from "./types";

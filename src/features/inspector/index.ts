/** The panel on the right of a sheet: what a column is, how an AI column is made, and its runs. */
export { focusRaiseCap } from "./cap-fields";
export { Inspector } from "./inspector";

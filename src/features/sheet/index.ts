/** The screen of one sheet: its grid and everything that is done with it. */
export { SheetScreen } from "./sheet-screen";

/** The screen of all sheets. */
export { Home } from "./home";

/** The settings: what a person can change about the program, and what it says about itself. */
export { SettingsScreen } from "./settings-screen";

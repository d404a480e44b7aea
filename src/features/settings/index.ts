/** The settings: what a person can change about the program, and what it says about itself. */
export { follow } from "./apply";
export { SettingsScreen } from "./settings-screen";

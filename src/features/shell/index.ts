/** The frame of the window: sidebar, messages, command palette, keys, theme. */
export { type PaletteCommand, registerCommands } from "./commands";
export { Frame } from "./frame";
export { Mark } from "./mark";
export { StartFailed } from "./start-failed";
export { applyTheme, rememberedTheme } from "./theme";

/** The keys of Braincells as the help lists them. "Ctrl" stands for ⌘ on a Mac, "Control" for ⌃. */
export interface KeyGroup {
  title: string;
  keys: { keys: string[]; does: string }[];
}

export const keyGroups: readonly KeyGroup[] = [
  {
    title: "Anywhere",
    keys: [
      { keys: ["Ctrl+K"], does: "Search commands and sheets" },
      { keys: ["Ctrl+,"], does: "Settings" },
      { keys: ["F1", "?"], does: "This list" },
      { keys: ["Escape"], does: "Close what is open" },
    ],
  },
  {
    title: "Move",
    keys: [
      { keys: ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], does: "To the next cell" },
      { keys: ["Ctrl+ArrowDown"], does: "To the edge of the data; any arrow" },
      { keys: ["Tab", "Shift+Tab"], does: "Right, left" },
      { keys: ["Home", "End"], does: "First, last column" },
      { keys: ["Ctrl+Home", "Ctrl+End"], does: "First, last cell" },
      { keys: ["PageUp", "PageDown"], does: "One page up, down" },
      { keys: ["Alt+PageUp", "Alt+PageDown"], does: "One page left, right" },
    ],
  },
  {
    title: "Select",
    keys: [
      { keys: ["Shift+ArrowDown"], does: "Extend; any arrow" },
      { keys: ["Ctrl+Shift+ArrowDown"], does: "Extend to the edge of the data" },
      { keys: ["Control+Space"], does: "Whole column" },
      { keys: ["Shift+Space"], does: "Whole row" },
      { keys: ["Ctrl+A"], does: "Everything" },
    ],
  },
  {
    title: "Edit",
    keys: [
      { keys: ["F2", "Enter"], does: "Edit the cell; typing replaces it" },
      { keys: ["Alt+Enter"], does: "New line in a cell" },
      { keys: ["Escape"], does: "Leave the cell as it was" },
      { keys: ["Delete", "Backspace"], does: "Clear" },
      { keys: ["Ctrl+C", "Ctrl+X", "Ctrl+V"], does: "Copy, cut, paste" },
      { keys: ["Ctrl+Z"], does: "Undo" },
      { keys: ["Ctrl+Y", "Ctrl+Shift+Z"], does: "Redo" },
      { keys: ["Ctrl+D", "Ctrl+R"], does: "Fill down, right" },
      { keys: ["Ctrl+Shift++"], does: "Add a row" },
    ],
  },
  {
    title: "AI columns",
    keys: [
      { keys: ["Ctrl+Enter"], does: "Generate the selected cells" },
      { keys: ["Ctrl+Shift+U"], does: "Approve the selected cells" },
      { keys: ["Space"], does: "Open the whole cell" },
    ],
  },
  {
    title: "Find",
    keys: [
      { keys: ["Ctrl+F"], does: "Find" },
      { keys: ["Control+H"], does: "Find and replace" },
      { keys: ["F3", "Shift+F3"], does: "Next, previous match" },
      { keys: ["Shift+F10"], does: "Menu of the cell" },
    ],
  },
];

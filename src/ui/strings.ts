/** The words that the kit itself says. */
export const text = {
  close: "Close",
  cancel: "Cancel",
  noMatch: "No match",
} as const;

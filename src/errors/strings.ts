/** What each kind of failure is called. */
export const text = {
  internal: "Something went wrong in Braincells",
  badInput: "That does not work",
  badTemplate: "The prompt has a mistake",
  badRecipe: "The recipe has a mistake",
  notFound: "Not found",
  conflict: "That is in the way of something else",
  modelMissing: "The model is not there",
  modelBroken: "The model cannot be loaded",
  contextLength: "Too long for the model",
  engineFailed: "The model stopped working",
  outputInvalid: "The answer does not fit the column",
  rateLimited: "Too many requests",
  diskFull: "The disk is full",
  storage: "The file cannot be read or written",
  cancelled: "Stopped",
} as const;

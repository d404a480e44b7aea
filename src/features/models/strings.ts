import { formatCount } from "~/lib/format";

/** What is said where a model is chosen. */
export const text = {
  separator: " · ",
  choose: "Choose a model, or type backend:model",
  chooseLocal: "Choose a model",
  here: "On this computer",
  onTheWay: "On their way",
  getMore: "Get more models…",
  useTyped: (name: string) => `Use ${name}`,
  useTypedHint: "As it is typed: no list has it",
  useTypedLooking: "As it is typed. Still looking whether it is listed",
  backends: "Backends",
  readingBackends: "Reading the list of backends…",
  backendsFailed: "The backends could not be read",
  again: "Try again",
  looking: "Looking for models…",
  noneListed: (id: string) => `Lists no models. Type ${id}: and a model's name`,
  noMatch: "No model matches",
  more: (count: number) =>
    count === 1
      ? "1 more: type to narrow it down"
      : `${formatCount(count)} more: type to narrow it down`,
  atLeastMore: "There are more: type to narrow it down",
  failed: (reason: string) => `The list cannot be read: ${reason}`,
  needsKey: "Needs a key: enter it in the settings, under Backends",
  lockedBySheet: "This sheet is locked to models on this computer",
  lockedBySettings: "“Local only” is on in the settings",
  context: (tokens: string) => `${tokens} tokens`,
  price: (read: string, written: string) => `${read} in, ${written} out per million tokens`,
  free: "free",
  sentTo: (title: string, host: string) => `Each row's prompt is sent to ${title} (${host})`,
  answeredHere: (title: string, host: string) =>
    `${title} answers at ${host}, on this computer. What it does with the rows is up to it`,
  noKey: (title: string) => `${title} needs a key`,
  noKeyBody: "Without one it answers nothing. Enter it once in the settings",
  locked: "This column cannot run while the lock is on",
  toBackends: "Open Backends",
} as const;

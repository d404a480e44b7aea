import type { KeySource } from "~/ipc";
import { formatCount, formatDuration } from "~/lib/format";

/** What the section of the backends says. */
export const backends = {
  title: "Backends",
  intro:
    "A backend answers for a model. This computer is one, and it is free and private. Others are asked over the network, only for columns whose model you chose there.",
  loading: "Reading the backends",
  localOnlyHint:
    "Refuses everything that would leave this computer, whatever a column asks for. A single sheet can be locked in its own header",
  localOnlyOn: "Local only is on: no backend but this computer is asked",
  sessionOnly: "Keys last until Braincells is closed",
  sessionOnlyBody: (reason: string) =>
    `The system's keyring cannot be used: ${reason}. Keys that you enter are not written anywhere`,

  here: "This computer",
  hereHint: "Model files, run by llama.cpp. Nothing leaves this computer",
  toModels: "Models and engine",

  details: (title: string) => `Settings of ${title}`,
  custom: "added by you",
  address: "Address",
  addressHint: "Without a path, /v1 is added. Another server needs its key again",
  keyStates: {
    environment: "Key from the environment",
    keyring: "Key in the keyring",
    session: "Key for this session",
  } satisfies Record<KeySource, string>,
  noKey: "No key",
  noKeyNeeded: "No key needed",
  keyOf: (variable: string) => `Key from ${variable}`,
  enterKey: (title: string) => `Key for ${title}`,
  otherKey: (title: string) => `Another key for ${title}`,
  keyHint: "Kept in the system's keyring. It is never shown again, and never stored with a sheet",
  keySessionHint: "Kept until Braincells is closed. It is never shown again",
  keyOfVariable: (variable: string) => `The key in use is that of the variable ${variable}`,
  keyInstead: (variable: string) =>
    `A key that you save here is kept in the system's keyring and used instead, until Braincells is closed. While ${variable} is set, its key counts again at the next start`,
  keySessionInstead: "A key that you enter here is used instead, until Braincells is closed",
  variableWins: (variable: string) =>
    `If ${variable} is set when Braincells starts, its key is used instead of the one kept here`,
  keyOptional: "Only where the server asks for one",
  saveKey: "Save key",
  onlySession: "Only until Braincells is closed",
  keySaved: {
    environment: "The key is used",
    keyring: "The key is in the keyring",
    session: "The key is used until Braincells is closed",
  } satisfies Record<KeySource, string>,
  removeKey: "Remove key",
  removeKeyOf: (title: string) => `Remove key: ${title}`,
  keyRemoved: "The key is removed",
  getKey: "Get a key",
  getKeyOf: (title: string) => `Get a key: ${title}`,
  inTheClear: "This address is not encrypted",
  inTheClearBody:
    "A key and your rows could be read on the way to it. Use https, or a server on this computer",

  test: "Test connection",
  testNeedsKey: "Needs a key first",
  testIsLocked: "Local only is on: it is not asked",
  testOf: (title: string) => `Test connection: ${title}`,
  stopTest: "Stop",
  stopTestOf: (title: string) => `Stop the test of ${title}`,
  works: (ms: number) => `It answers, in ${formatDuration(ms)}`,
  models: (count: number) => (count === 1 ? "1 model" : `${formatCount(count)} models`),
  account: (name: string) => `account ${name}`,
  separator: " · ",

  atOnce: "Requests at once",
  atOnceHint: "Fewer while the backend asks to slow down",
  usualAtOnce: "5",
  requestsPerMinute: "Requests per minute",
  requestsPerMinuteHint: "Where your plan has a limit. Empty: none",
  tokensPerMinute: "Tokens per minute",
  tokensPerMinuteHint: "Prompts and answers together. Empty: none",
  noLimit: "No limit",
  billTo: "Organisation that pays",
  billToHint: "Empty: the owner of the key",

  handModels: "Models typed by hand",
  handModelsHint: "One a line, for servers that do not list theirs",

  addTitle: "Add an endpoint",
  add: "Add endpoint…",
  addHint:
    "A server that speaks the chat completions of OpenAI: on this computer, in your network, or of another provider",
  preset: "Server",
  other: "Other",
  id: "Name",
  idHint: (id: string) => `Models are called ${id}:model`,
  idHintEmpty: "Models are called name:model",
  idBad: "2 to 32 small letters, digits and hyphens, beginning with a letter",
  idTaken: "This name is taken",
  idReserved: (id: string) =>
    `${id} is reserved: it means something else before the name of a model`,
  removedMeanwhile: (id: string) => `the endpoint \`${id}\` was removed meanwhile`,
  addressBad: "An address begins with http:// or https://",
  addConfirm: "Add",
  cancel: "Cancel",
  remove: "Remove endpoint…",
  removeTitle: (id: string) => `Remove ${id}?`,
  removeBody:
    "Its key is forgotten as well. Columns that use its models keep their cells and cannot run until they have another model.",
  removeConfirm: "Remove",

  runLimits: "Limits of a run",
  runLimitsHint:
    "A run that asks a backend stops at them and can go on with a higher limit; answers that are on their way still count. Each run can have its own",
  mostUsd: "Most money, in US dollars",
  mostUsdHint: "By the prices that the backend states",
  mostTokens: "Most tokens",
  mostTokensHint: "Prompts and answers together",
} as const;

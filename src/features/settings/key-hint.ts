/** What is said below the field of a key: which one is used, and how long one that is saved is. */
import type { BackendInfo } from "~/ipc";
import { text } from "./strings";

const words = text.backends;

/**
 * The hint for the key of a backend. What is entered counts until the program is closed; at a start
 * the environment counts before the keyring.
 */
export function keyHint(
  { key, key_variable, is_custom, needs_key }: BackendInfo,
  isKept: boolean,
): string {
  const optional = is_custom && !needs_key ? [words.keyOptional] : [];
  if (key === "environment") {
    const instead = isKept ? words.keyInstead(key_variable) : words.keySessionInstead;
    return [...optional, words.keyOfVariable(key_variable), instead].join(". ");
  }
  if (!isKept) return [...optional, words.keySessionHint].join(". ");
  return [...optional, words.keyHint, words.variableWins(key_variable)].join(". ");
}

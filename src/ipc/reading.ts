/** Something that a component asks the Rust side for: the latest answer, or why there is none. */

import { type NoSerialize, noSerialize } from "@builder.io/qwik";
import { type Failure, failureOf } from "./call";

/** What is known of an answer; goes into a store. */
export interface Reading<T> {
  /** Undefined until it was read; an answer stays while it is asked for again. */
  value: NoSerialize<T>;
  failure: NoSerialize<Failure>;
  isReading: boolean;
  /** Counts up with every request: only the answer to the latest one counts. */
  asked: number;
}

/** Nothing asked yet. */
export function newReading<T>(): Reading<T> {
  return { value: undefined, failure: undefined, isReading: false, asked: 0 };
}

/** Asks, or asks again. Never throws: a failure stands in the reading. */
export async function read<T extends object>(
  reading: Reading<T>,
  ask: () => Promise<T>,
): Promise<void> {
  const request = reading.asked + 1;
  reading.asked = request;
  reading.isReading = true;
  try {
    const value = await ask();
    if (reading.asked !== request) return;
    reading.value = noSerialize(value);
    reading.failure = undefined;
  } catch (thrown) {
    if (reading.asked === request) reading.failure = noSerialize(failureOf(thrown));
  } finally {
    if (reading.asked === request) reading.isReading = false;
  }
}

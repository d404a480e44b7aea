/** The limits of a number column: what may be in them, and how they are sent. */

import type { NumberLimits } from "~/ipc";

/** What the Rust side would refuse about the limits, or could not keep to the digit. */
export type NumberProblem = "order" | "none" | "precise";

/** What is wrong with the limits; null when some number lies between them. */
export function numberProblem(limits: NumberLimits): NumberProblem | null {
  const least = limits.min ?? Number.NEGATIVE_INFINITY;
  const greatest = limits.max ?? Number.POSITIVE_INFINITY;
  if (least > greatest) return "order";
  if (!limits.integer) return null;
  // Beyond these, neighbouring whole numbers are one to a float.
  const isPrecise = [limits.min ?? 0, limits.max ?? 0].every(
    (limit) => Math.abs(limit) <= Number.MAX_SAFE_INTEGER,
  );
  if (!isPrecise) return "precise";
  return Math.ceil(least) > Math.floor(greatest) ? "none" : null;
}

/** The limits with only those fields that say something. */
export function plainLimits(limits: NumberLimits): NumberLimits {
  const { integer, min = null, max = null } = limits;
  return {
    ...(integer ? { integer } : {}),
    ...(min === null ? {} : { min }),
    ...(max === null ? {} : { max }),
  };
}

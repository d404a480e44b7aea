export interface NumberLimits {
  min?: number | undefined;
  max?: number | undefined;
  step?: number | undefined;
}

/**
 * The number that a person typed, brought into the limits; null for nothing, undefined for text
 * that is no number. A comma counts as the decimal point.
 */
export function numberOfText(text: string, limits: NumberLimits): number | null | undefined {
  const plain = text.trim().replace(/[\s_']/g, "");
  if (plain === "") return null;
  const value = Number(/^[^.,]*,[^.,]*$/.test(plain) ? plain.replace(",", ".") : plain);
  return Number.isFinite(value) ? limited(value, limits) : undefined;
}

/** One step up or down from a value, without the tails of binary fractions. */
export function stepped(value: number | null, by: 1 | -1, limits: NumberLimits): number {
  const step = limits.step ?? 1;
  const from = value ?? limits.min ?? 0;
  const places = Math.max(decimalsOf(step), decimalsOf(from));
  return limited(Number((from + by * step).toFixed(places)), limits);
}

function limited(value: number, { min, max, step }: NumberLimits): number {
  const whole = step !== undefined && Number.isInteger(step) && Number.isInteger(min ?? 0);
  const rounded = whole ? Math.round(value) : value;
  return Math.min(
    max ?? Number.POSITIVE_INFINITY,
    Math.max(min ?? Number.NEGATIVE_INFINITY, rounded),
  );
}

function decimalsOf(value: number): number {
  return Math.min(String(value).split(".")[1]?.length ?? 0, 12);
}

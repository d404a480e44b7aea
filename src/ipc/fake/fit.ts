import type { Judgement, Verdict } from "../bindings";

/** What is free on the make-believe machine: much memory and no graphics card. */
const RAM_BYTES = 21_000_000_000;
/** With more than this a processor is slow. */
const SLOW_BYTES = 10_000_000_000;
/** What a model takes besides its weights. */
const BESIDES_BYTES = 900_000_000;

/** Whether a model of this size fits. */
export function verdictOf(bytes: number): Verdict {
  const needed = bytes + BESIDES_BYTES;
  if (needed > RAM_BYTES) return "will_not_fit";
  return bytes > SLOW_BYTES || needed > RAM_BYTES * 0.8 ? "may_be_slow" : "fits";
}

/** One quantisation, as far as it matters here. */
interface Sized {
  label: string;
  bytes: number;
}

/**
 * The place of the largest that fits, else of the smallest that runs slowly; where none will fit,
 * of the smallest of at least four bits, else of the smallest. Null only where there is none.
 */
export function suggestedOf(choices: readonly Sized[]): number | null {
  const isPlain = ({ label }: Sized): boolean => /^(BF16|F16|F32)$/.test(label);
  const hasLittle = ({ label }: Sized): boolean => /^I?Q[123]/.test(label);
  const bySize = [...choices].sort((one, other) => one.bytes - other.bytes);
  const quantised = bySize.filter((one) => !isPlain(one));
  const usable = quantised.length > 0 ? quantised : bySize;
  const found =
    usable.findLast(({ bytes }) => verdictOf(bytes) === "fits") ??
    usable.find(({ bytes }) => verdictOf(bytes) === "may_be_slow") ??
    usable.find((one) => !hasLittle(one)) ??
    usable[0];
  return found === undefined ? null : choices.indexOf(found);
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** The same with figures. */
export function judgementOf(bytes: number): Judgement {
  const verdict = verdictOf(bytes);
  const layers = bytes > 6e9 ? 40 : bytes > 1e9 ? 28 : 24;
  const memory = {
    weights_bytes: bytes,
    kv_bytes: 560_000_000,
    output_bytes: 24_000_000,
    compute_bytes: 303_000_000,
    program_bytes: 13_000_000,
  };
  const needed = bytes + BESIDES_BYTES;
  const reasons: Record<Verdict, string> = {
    fits: `${gigabytes(needed)} of ${gigabytes(RAM_BYTES)} of memory`,
    may_be_slow: `the processor reads ${gigabytes(bytes)} for every token`,
    will_not_fit: `needs ${gigabytes(needed)} and ${gigabytes(RAM_BYTES)} are there`,
  };
  return {
    verdict,
    reason: reasons[verdict],
    memory,
    gpu_layers: 0,
    layers,
    gpu_bytes: 0,
    ram_bytes: needed,
    available_ram_bytes: RAM_BYTES,
    available_gpu_bytes: 0,
  };
}

/** Money as people read it. All of it is in US dollars, because that is what providers ask for. */

const MICRO = 1_000_000;

/**
 * An amount: "$12.30", "$0.042", "<$0.001". Small amounts keep two figures: that a run costs four
 * tenths of a cent is worth knowing.
 */
export function formatUsd(usd: number): string {
  if (!Number.isFinite(usd)) return "–";
  if (usd === 0) return "$0";
  if (usd < 0.001) return "<$0.001";
  if (usd < 0.0995) return `$${trimmed(usd.toPrecision(2))}`;
  return `$${usd.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** The price of a million tokens, which has more digits than a price in a shop: "$0.15", "$2.50". */
export function formatPrice(usd: number): string {
  if (usd === 0) return "$0";
  if (usd < 0.01) return `$${trimmed(usd.toPrecision(2))}`;
  return `$${usd.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 3 })}`;
}

/** Dollars of a field as the Rust side keeps them. */
export function microUsd(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * MICRO);
}

/** What the Rust side keeps, as dollars of a field. */
export function usdOf(micro: number | null | undefined): number | null {
  return micro === null || micro === undefined ? null : micro / MICRO;
}

/** A number of tokens where there is little room: "128k", "1M". */
export function formatTokens(count: number): string {
  if (count >= 999_950) return `${trimmed((count / 1_000_000).toFixed(1))}M`;
  // Contexts are powers of two: 131072 is called 128k.
  if (count >= 1024) {
    return count % 1024 === 0 ? `${count / 1024}k` : `${trimmed((count / 1000).toFixed(1))}k`;
  }
  return String(count);
}

function trimmed(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}

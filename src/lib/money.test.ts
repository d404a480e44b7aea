import { describe, expect, it } from "vitest";
import { formatPrice, formatTokens, formatUsd, microUsd, usdOf } from "./money";

describe("money", () => {
  it.each([
    [0, "$0"],
    [0.0004, "<$0.001"],
    [0.0042, "$0.0042"],
    [0.05, "$0.05"],
    [0.1, "$0.10"],
    [12.304, "$12.30"],
    [1234.5, "$1,234.50"],
    [Number.NaN, "–"],
  ])("%d is %s", (usd, shown) => expect(formatUsd(usd)).toBe(shown));

  it.each([
    [0, "$0"],
    [0.005, "$0.005"],
    [0.15, "$0.15"],
    [2.5, "$2.50"],
    [0.075, "$0.075"],
  ])("a price of %d is %s", (usd, shown) => expect(formatPrice(usd)).toBe(shown));

  it("goes to the Rust side in millionths, and comes back", () => {
    expect(microUsd(1.25)).toBe(1_250_000);
    expect(microUsd(0.1)).toBe(100_000);
    expect(microUsd(null)).toBe(null);
    expect(usdOf(1_250_000)).toBe(1.25);
    expect(usdOf(null)).toBe(null);
    expect(usdOf(undefined)).toBe(null);
  });
});

it.each([
  [512, "512"],
  [8192, "8k"],
  [131_072, "128k"],
  [200_000, "200k"],
  [1_048_576, "1M"],
  [1_500_000, "1.5M"],
])("%d tokens are %s", (count, shown) => expect(formatTokens(count)).toBe(shown));

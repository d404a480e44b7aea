import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatCountdown,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRelativeTime,
  valueText,
} from "./format";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [9_949, "9.9 kB"],
    [9_960, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [1_400_000_000, "1.4 GB"],
    [2e18, "2000 PB"],
  ])("%d is %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [4200, "4.2 s"],
    [9_949, "9.9 s"],
    [9_951, "10 s"],
    [59_600, "1 min"],
    [200_000, "3 min 20 s"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [86_400_000, "1 d"],
    [100_000_000, "1 d 4 h"],
    [Number.POSITIVE_INFINITY, "–"],
    [-1, "–"],
  ])("%d ms is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("formatRelativeTime", () => {
  const noon = new Date(2026, 10, 21, 12, 0).getTime();
  function ago(hours: number) {
    return formatRelativeTime(noon - hours * 3_600_000, noon);
  }
  it("counts minutes and hours of today, then days", () => {
    expect(ago(0)).toBe("just now");
    expect(formatRelativeTime(noon + 5000, noon)).toBe("just now");
    expect(ago(0.5)).toBe("30 min ago");
    expect(ago(11)).toBe("11 h ago");
    expect(ago(13)).toBe("yesterday");
    expect(ago(24 * 3)).toBe("3 days ago");
  });
  it("gives a date after a week", () => {
    expect(ago(24 * 8)).toMatch(/2026/);
  });
});

describe("numbers", () => {
  it("does not change whole numbers", () => {
    expect(formatNumber(123_456_789).replace(/\D/g, "")).toBe("123456789");
    expect(formatCount(1_000_000).replace(/\D/g, "")).toBe("1000000");
  });
  it("cuts measured ones to six digits", () => {
    expect(formatNumber(1 / 3).replace(/\D/g, "")).toBe("0333333");
  });
  it("writes extremes short", () => {
    expect(formatNumber(1.5e20)).toBe("1.500e+20");
    expect(formatNumber(1e-9)).toBe("1.000e-9");
    expect(formatNumber(Number.NaN)).toBe("not a number");
    expect(formatNumber(Number.NEGATIVE_INFINITY)).toBe("-∞");
  });
  it("says all or nothing only when it is so", () => {
    expect([0, 0.001, 0.42, 0.999, 1].map(formatPercent)).toEqual([
      "0%",
      "<1%",
      "42%",
      ">99%",
      "100%",
    ]);
  });
});

describe("valueText", () => {
  it("writes every kind of value as one text", () => {
    expect(valueText(null)).toBe("");
    expect(valueText(0)).toBe("0");
    expect(valueText(false)).toBe("false");
    expect(valueText("a\nb")).toBe("a\nb");
    expect(valueText({ a: [1, null] })).toBe('{"a":[1,null]}');
  });
});

it.each([
  [0, "1 s"],
  [4_001, "5 s"],
  [59_000, "59 s"],
  [90_000, "1 min 30 s"],
])("a wait of %d ms counts down as %s", (ms, shown) => expect(formatCountdown(ms)).toBe(shown));

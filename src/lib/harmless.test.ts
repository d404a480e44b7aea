import { expect, test } from "vitest";
import { harmless } from "./harmless";

test("direction overrides are visible and have no effect", () => {
  expect(harmless("invoice\u202Egnp.exe")).toBe("invoice⟨RLO⟩gnp.exe");
  expect(harmless("\u2066a\u2069")).toBe("⟨LRI⟩a⟨PDI⟩");
});

test("control characters are visible, line breaks stay", () => {
  expect(harmless("a\u0000b\u0007\u001B[31m\u007F")).toBe("a␀b␇␛[31m␡");
  expect(harmless("a\u0085b")).toBe("a\uFFFDb");
  expect(harmless("a\r\nb\rc\td\n")).toBe("a\nb\nc\td\n");
});

test("hidden text is visible: zero widths and tag characters", () => {
  expect(harmless("pass\u200Bword\uFEFF")).toBe("pass\uFFFDword\uFFFD");
  expect(harmless("hi\u{E0041}\u{E0042}")).toBe("hi\uFFFD\uFFFD");
});

test("flags, families and right-to-left scripts are left alone", () => {
  for (const text of ["🏴󠁧󠁢󠁷󠁬󠁳󠁿", "👩‍👩‍👧", "שלום\u200F", "नमस्ते", "é"]) {
    expect(harmless(text)).toBe(text);
  }
});

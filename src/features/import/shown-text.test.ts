import { expect, it } from "vitest";
import { shownText } from "./shown-text";

it("shows control characters and turned writing instead of obeying them", () => {
  expect(shownText("a\tb\nc\r\nd")).toBe("a⇥b⏎c⏎d");
  expect(shownText("\u001b[31mred")).toBe("␛[31mred");
  expect(shownText("abc\u202Ecod.exe")).toBe("abc�cod.exe");
  expect(shownText("\u2066x\u2069\u200F")).toBe("�x��");
});

it("leaves writing that goes from right to left, and emoji, as they are", () => {
  expect(shownText("שלום")).toBe("שלום");
  expect(shownText("👩‍👩‍👧")).toBe("👩‍👩‍👧");
});

it("cuts long text without cutting a character in two", () => {
  expect(shownText("x".repeat(500))).toBe(`${"x".repeat(240)}…`);
  expect(shownText("abc😀", 4)).toBe("abc…");
  const start = performance.now();
  shownText("y".repeat(5_000_000));
  expect(performance.now() - start).toBeLessThan(50);
});

import { expect, it } from "vitest";
import { FIRST_PIECE, firstPieces, NEXT_PIECE, snippet } from "./pieces";

it("a short text is one piece", () => {
  expect(firstPieces("abc", 0)).toEqual({ pieces: ["abc"], left: 0 });
  expect(firstPieces("", 0)).toEqual({ pieces: [], left: 0 });
});

it("a long text comes piece by piece and whole in the end", () => {
  const text = "x".repeat(5_000_000);
  expect(firstPieces(text, 0).left).toBe(5_000_000 - FIRST_PIECE);
  expect(firstPieces(text, 1).left).toBe(5_000_000 - FIRST_PIECE - NEXT_PIECE);
  const all = firstPieces(text, 100);
  expect(all.left).toBe(0);
  expect(all.pieces.join("")).toBe(text);
});

it("no piece divides a character", () => {
  const text = `${"x".repeat(FIRST_PIECE - 1)}😀${"y".repeat(10)}`;
  const { pieces } = firstPieces(text, 1);
  expect(pieces[0]?.endsWith("x")).toBe(true);
  expect(pieces.join("")).toBe(text);
});

it("a snippet is one line and says that there is more", () => {
  expect(snippet("a\n  b\tc")).toBe("a b c");
  expect(snippet("x".repeat(500))).toBe(`${"x".repeat(120)}…`);
  expect(snippet(" ".repeat(1_000))).toBe("…");
});

import { describe, expect, it } from "vitest";
import {
  canReference,
  completionAt,
  matchingNames,
  nearestName,
  piecesOf,
  referencesOf,
  referenceTo,
  templateProblems,
  withReference,
} from "./template";

function shown(text: string) {
  return piecesOf(text).map((piece) => [piece.kind, text.slice(piece.start, piece.end)]);
}

describe("pieces of a prompt", () => {
  it("finds references, with spaces around the name", () => {
    expect(shown("Sum up {{ the text }}!")).toEqual([
      ["text", "Sum up "],
      ["reference", "{{ the text }}"],
      ["text", "!"],
    ]);
    expect(referencesOf("{{a.b}} {{ a.b }} {{c}}")).toEqual(["a.b", "c"]);
  });

  it("leaves single braces and closing braces alone", () => {
    expect(shown('{"a": {"b": 1}} }}')).toEqual([["text", '{"a": {"b": 1}} }}']]);
  });

  it("reads a backslash as an escape, and two as a backslash before a value", () => {
    expect(shown("\\{{a}}")).toEqual([
      ["escape", "\\{{"],
      ["text", "a}}"],
    ]);
    expect(referencesOf("\\\\{{a}}")).toEqual(["a"]);
    expect(referencesOf("\\\\\\{{a}}")).toEqual([]);
  });

  it("opens with the last two of three braces", () => {
    expect(shown("{{{a}}}")).toEqual([
      ["text", "{"],
      ["reference", "{{a}}"],
      ["text", "}"],
    ]);
  });

  it("marks what is not finished and goes on", () => {
    expect(shown("{{a {{b}} {{ }}")).toEqual([
      ["broken", "{{"],
      ["text", "a "],
      ["reference", "{{b}}"],
      ["text", " "],
      ["broken", "{{ }}"],
    ]);
  });

  it("covers every character once, whatever the text", () => {
    const parts = ["{{", "}}", "{", "}", "\\", "a", " ", "\n", "{{{", "é🌿"];
    for (let seed = 1; seed < 400; seed += 1) {
      let text = "";
      for (let at = 0; at < 12; at += 1) text += parts[(seed * (at + 7) * 31 + at * seed) % 10];
      const pieces = piecesOf(text);
      expect(pieces.map((piece) => text.slice(piece.start, piece.end)).join("")).toBe(text);
    }
  });
});

describe("problems", () => {
  it("says what is unknown once, with what was probably meant", () => {
    expect(templateProblems("{{mesage}} {{mesage}} {{zzz}}", ["id", "message"])).toEqual([
      { kind: "unknown", name: "mesage", suggestion: "message" },
      { kind: "unknown", name: "zzz", suggestion: null },
    ]);
  });

  it("says on which line something is unclosed or empty", () => {
    expect(templateProblems("a\n{{b\n{{}}", [])).toEqual([
      { kind: "unclosed", line: 2 },
      { kind: "empty", line: 3 },
    ]);
  });

  it("has nothing against an exact name", () => {
    expect(templateProblems("{{a.b}}", ["a.b"])).toEqual([]);
  });
});

describe("names", () => {
  it("knows the names that no reference can spell", () => {
    expect(["a", "a b", "a{b", "ü"].every(canReference)).toBe(true);
    expect(["", " a", "a ", "a{{b", "a}}b"].some(canReference)).toBe(false);
  });

  it("keeps braces of the name apart", () => {
    for (const name of ["{a", "a}", "{a}", "plain"]) {
      expect(referencesOf(referenceTo(name))).toEqual([name]);
    }
  });

  it("replaces one name and nothing else", () => {
    expect(withReference("{{ a }} \\{{a}} {{ab}}", "a", "message")).toBe(
      "{{message}} \\{{a}} {{ab}}",
    );
  });

  it("suggests only what is close, swaps included", () => {
    expect(nearestName("mesasge", ["message"])).toBe("message");
    expect(nearestName("Message", ["message", "messages"])).toBe("message");
    expect(nearestName("order", ["message"])).toBeNull();
  });

  it("offers beginnings first, then words, then anything inside", () => {
    expect(matchingNames(["subtext", "body_text", "text", "id", " bad"], "te")).toEqual([
      "text",
      "body_text",
      "subtext",
    ]);
    expect(matchingNames(["b", "a"], "")).toEqual(["b", "a"]);
  });
});

describe("completion", () => {
  it("opens behind two braces and takes what was typed", () => {
    expect(completionAt("Sum {{me", 8)).toEqual({ start: 4, end: 8, typed: "me" });
    expect(completionAt("Sum {{", 6)).toEqual({ start: 4, end: 6, typed: "" });
  });

  it("replaces the rest of a reference that is edited in the middle", () => {
    expect(completionAt("{{message}} x", 4)).toEqual({ start: 0, end: 11, typed: "me" });
    expect(completionAt("{{me and {{b}}", 4)).toEqual({ start: 0, end: 4, typed: "me" });
  });

  it("stays away from finished, escaped and broken-off references", () => {
    expect(completionAt("{{a}} b", 7)).toBeNull();
    expect(completionAt("\\{{a", 4)).toBeNull();
    expect(completionAt("{{a\nb", 5)).toBeNull();
    expect(completionAt("plain", 5)).toBeNull();
    expect(completionAt("{{a \\{{b", 8)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import type { Value } from "~/ipc";
import { valueText } from "~/lib/format";
import { imageOf, jsonOf, naturalView, viewsFor, viewToShow } from "./content";

function natural(value: Value) {
  return naturalView(value, valueText(value));
}

describe("the natural view", () => {
  it.each<[Value, string]>([
    [null, "text"],
    [12, "text"],
    [true, "text"],
    ["", "text"],
    ["The customer asks for a refund.", "text"],
    ["2 * 3 * 4 - 5", "text"],
    ["- just one dash", "text"],
    ["#1 is broken", "text"],
    ["a < b and c > d", "text"],
    [{ a: 1 }, "json"],
    [[], "json"],
    ['{"a": 1}', "json"],
    ["[1, 2]", "json"],
    ["{not json}", "text"],
    ["# Title\n\nText", "markdown"],
    ["- one\n- two", "markdown"],
    ["1. one\n2. two", "markdown"],
    ["so **bold** it is", "markdown"],
    ["see [this](https://x.org)", "markdown"],
    ["```\ncode\n```", "markdown"],
    ["| a | b |\n|---|---|\n| 1 | 2 |", "markdown"],
    ["<!DOCTYPE html><title>x</title>", "html"],
    ["<p>Hello <b>you</b></p>", "html"],
    ["<script>alert(1)</script>", "text"],
    ["data:image/png;base64,AAAA", "image"],
    ["data:text/html,<script>", "text"],
    ["#!/bin/sh\necho", "code"],
    ["function a() {\n  return 1;\n}", "code"],
  ])("of %j is %s", (value, view) => {
    expect(natural(value)).toBe(view);
  });
});

describe("the views on offer", () => {
  it("leave out what cannot show the value", () => {
    expect(viewsFor(3, "3")).toEqual(["text"]);
    expect(viewsFor("plain", "plain")).toEqual(["text", "markdown", "code"]);
    expect(viewsFor("<b>x</b>", "<b>x</b>")).toContain("html");
    expect(viewsFor({ a: 1 }, '{"a":1}')).toEqual(["text", "json", "code"]);
  });

  it("keep the person's choice where it fits", () => {
    expect(viewToShow("code", "# Title\n\ntext", "# Title\n\ntext")).toBe("code");
    expect(viewToShow("html", "no tags", "no tags")).toBe("text");
    expect(viewToShow(undefined, "# Title\n\ntext", "# Title\n\ntext")).toBe("markdown");
  });
});

it("loads no image that is not in the text itself", () => {
  expect(imageOf("https://evil.example/x.png")).toBeNull();
  expect(imageOf("data:image/tiff;base64,AAAA")).toBeNull();
  expect(imageOf(" data:image/gif;base64,R0lG \n")).toBe("data:image/gif;base64,R0lG");
});

it("does not break on JSON that is nested deeper than a parser goes", () => {
  const deep = "[".repeat(500_000) + "]".repeat(500_000);
  expect(() => jsonOf(deep, deep)).not.toThrow();
});

it("tells what a hostile text is in good time", () => {
  for (const text of ["<div ", "<p", "# ", "**", "[a", "|-", "if (", "\n> "]) {
    const before = performance.now();
    const long = text.repeat(1_000_000 / text.length);
    naturalView(long, long);
    expect(performance.now() - before).toBeLessThan(1_000);
  }
});

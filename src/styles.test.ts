import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LABEL_COLOURS } from "./lib/label-colours";

const css = readFileSync(new URL("./styles.css", import.meta.url), "utf8");

/** The hexadecimal colours of one block of the style sheet, by name. */
function colours(block: string): Record<string, string> {
  const found = block.matchAll(/--color-([a-z-]+):\s*(#[0-9a-f]{6});/g);
  return Object.fromEntries([...found].map(([, name, value]) => [name, value]));
}

function between(start: string, end: string): string {
  const from = css.indexOf(start);
  expect(from).toBeGreaterThanOrEqual(0);
  return css.slice(from, css.indexOf(end, from));
}

const light = colours(between("@theme static", "\n}"));
const dark = { ...light, ...colours(between(':root[data-theme="dark"]', "\n  }")) };

/** Relative luminance, by WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const surfaces = ["app", "panel", "raised", "hover", "selected"];
const soft = ["success-soft", "warning-soft", "error-soft", "ai-soft", "accent-soft"];

const textPairs = [
  ...["strong", "normal", "muted"].flatMap((ink) => [...surfaces, ...soft].map((on) => [ink, on])),
  ...["faint", "accent", "success", "warning", "error", "ai"].flatMap((ink) =>
    surfaces.map((on) => [ink, on]),
  ),
  ...["success", "warning", "error", "ai", "accent"].map((ink) => [ink, `${ink}-soft`]),
  ...["accent", "accent-strong", "error", "error-strong"].map((on) => ["onaccent", on]),
  ...LABEL_COLOURS.map((colour) => [`label-${colour}`, `label-${colour}-soft`]),
  // A tooltip.
  ["app", "strong"],
];

/** What shows where a control is, and where focus is. */
const edgePairs = ["app", "panel", "raised"].flatMap((on) => [
  ["strongline", on],
  ["accent", on],
]);

describe.each([
  ["light", light],
  ["dark", dark],
])("the %s theme", (name, theme) => {
  function ratio(ink: string | undefined, on: string | undefined): number {
    const [one, other] = [theme[ink ?? ""], theme[on ?? ""]];
    if (!one || !other) throw new Error(`${ink} or ${on} is no colour`);
    return Math.round(contrast(one, other) * 100) / 100;
  }

  it("names a colour of its own for everything", () => {
    const own = colours(between(':root[data-theme="dark"]', "\n  }"));
    if (name === "dark") {
      const missing = Object.keys(light).filter((key) => !(key in own));
      expect(missing.sort()).toEqual(["black", "white"]);
    }
  });

  it.each(textPairs)("shows %s on %s with at least 4.5", (ink, on) => {
    expect(ratio(ink, on)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(edgePairs)("draws %s on %s with at least 3", (edge, on) => {
    expect(ratio(edge, on)).toBeGreaterThanOrEqual(3);
  });
});

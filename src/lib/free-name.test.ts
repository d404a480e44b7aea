import { expect, it } from "vitest";
import { freeName } from "./free-name";

it("numbers names that are taken", () => {
  expect(freeName("Sheet", [])).toBe("Sheet");
  expect(freeName("Sheet", ["Sheet", "Sheet 2"])).toBe("Sheet 3");
});

it("takes names that differ in letter case for the same", () => {
  expect(freeName("topic", ["Topic ", "TOPIC 2"])).toBe("topic 3");
});

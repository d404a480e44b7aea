import { describe, expect, it } from "vitest";
import { activeValue, listedOptions } from "./combobox-active";
import type { OptionGroup } from "./option-search";
import type { Option } from "./select";

function group(id: string, values: string[], busy = false): OptionGroup<Option> {
  return { id, label: id, options: values.map((value) => ({ value, label: value })), busy };
}

const typed: Option = { value: "openai:mini", label: "openai:mini" };

describe("the active option", () => {
  it("stays the same when a list arrives above it", () => {
    const groups = [group("hf", [], true), group("openai", ["openai:mini"])];
    const active = activeValue({ groups }, null);
    expect(active).toBe("openai:mini");
    const later = [group("hf", ["hf:paid"]), group("openai", ["openai:mini"])];
    expect(activeValue({ groups: later }, active)).toBe("openai:mini");
  });

  it("is the first that can be chosen, and another once it is not listed any more", () => {
    const locked = { ...group("hf", []), options: [{ value: "x", label: "x", disabled: true }] };
    const groups = [locked, group("here", ["a", "b"])];
    expect(activeValue({ groups }, null)).toBe("a");
    expect(activeValue({ groups }, "gone")).toBe("a");
    expect(activeValue({ groups: [locked] }, null)).toBe(null);
  });

  it("is the last resort only if nothing is found and nothing may come", () => {
    const found = { groups: [group("openai", ["openai:gpt-4o-mini"])], lastResort: typed };
    expect(listedOptions(found).at(-1)).toBe(typed);
    expect(activeValue(found, null)).toBe("openai:gpt-4o-mini");
    const waiting = { groups: [group("openai", [], true)], lastResort: typed };
    expect(activeValue(waiting, null)).toBe(null);
    expect(activeValue(waiting, "openai:mini")).toBe("openai:mini");
    expect(activeValue({ groups: [group("openai", [])], lastResort: typed }, null)).toBe(
      "openai:mini",
    );
  });

  it("is never by itself the one that leads elsewhere", () => {
    const aside: Option = { value: "aside", label: "Get more…" };
    const nothing = { groups: [group("here", [])], aside };
    expect(listedOptions({ ...nothing, lastResort: typed })).toEqual([typed, aside]);
    expect(activeValue(nothing, null)).toBe(null);
    expect(activeValue({ ...nothing, lastResort: typed }, null)).toBe("openai:mini");
    expect(activeValue(nothing, "aside")).toBe("aside");
  });
});

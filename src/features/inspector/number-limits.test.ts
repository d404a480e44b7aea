import { describe, expect, it } from "vitest";
import { numberProblem, plainLimits } from "./number-limits";

describe("the limits of a number", () => {
  it.each([
    [{}, null],
    [{ integer: true }, null],
    [{ min: 1, max: 1 }, null],
    [{ min: 2, max: 1 }, "order"],
    [{ min: 0.2, max: 0.8 }, null],
    [{ integer: true, min: 0.2, max: 0.8 }, "none"],
    [{ integer: true, min: 0.2, max: 1.8 }, null],
    [{ integer: true, min: -0.8 }, null],
    [{ integer: true, max: 1e20 }, "precise"],
    [{ max: 1e20 }, null],
  ] as const)("%j are %s", (limits, problem) => {
    expect(numberProblem(limits)).toBe(problem);
  });

  it("are sent without what says nothing", () => {
    expect(plainLimits({ integer: false, min: null, max: 0 })).toEqual({ max: 0 });
    expect(plainLimits({ integer: true, min: -1.5, max: null })).toEqual({
      integer: true,
      min: -1.5,
    });
  });
});

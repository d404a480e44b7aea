import { describe, expect, it } from "vitest";
import type { Filter } from "~/ipc";
import { capOf, raisedCap, requestOf, type ScopeChoice } from "./run-scope";

function scope(choice: ScopeChoice, fresh = false) {
  return { choice, firstCount: 10, fresh };
}
const filter: Filter = { kind: "cell", column: 1, test: { test: "empty" } };

describe("the request of a run", () => {
  it("says which cells", () => {
    expect(requestOf(scope("pending"), [], null)).toEqual({ rows: "pending" });
    expect(requestOf(scope("first"), [], null)).toEqual({ rows: "first", count: 10 });
    expect(requestOf(scope("filtered"), [], filter)).toEqual({ rows: "all", only: filter });
  });

  it("puts a few selected rows before everything else, and many in their turn", () => {
    expect(requestOf(scope("selected"), [3, 4], null)).toEqual({
      rows: "these",
      ids: [3, 4],
      priority: "now",
    });
    const many = Array.from({ length: 21 }, (_, row) => row);
    expect(requestOf(scope("selected"), many, null)).toEqual({ rows: "these", ids: many });
  });

  it("asks the model again only when told", () => {
    expect(requestOf(scope("all", true), [], null)).toEqual({ rows: "all", fresh: true });
  });

  it("is nothing without a selection or a filter", () => {
    expect(requestOf(scope("selected"), [], filter)).toBeNull();
    expect(requestOf(scope("filtered"), [1], null)).toBeNull();
  });
});

describe("the limits of a run", () => {
  it("go with the request, in millionths of a dollar, and only if there are any", () => {
    const cap = capOf({ usd: 1.5, tokens: null });
    expect(requestOf(scope("empty"), [], null, cap)).toEqual({
      rows: "empty",
      cap: { micro_usd: 1_500_000, tokens: null },
    });
    expect(capOf({ usd: null, tokens: null })).toBe(null);
    expect(requestOf(scope("empty"), [], null, null)).toEqual({ rows: "empty" });
  });

  it("are offered twice as high where they were reached", () => {
    expect(raisedCap({ micro_usd: 250_000 })).toEqual({ usd: 0.5, tokens: null });
    expect(raisedCap({ tokens: 1000 })).toEqual({ usd: null, tokens: 2000 });
  });
});

import { describe, expect, it } from "vitest";
import type { Filter } from "~/ipc";
import { billingOf, capOf, raisedCap, requestOf, type ScopeChoice, spentOf } from "./run-scope";

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
    const unknown = { usd: null, tokens: null };
    expect(raisedCap({ micro_usd: 250_000 }, unknown)).toEqual({ usd: 0.5, tokens: null });
    expect(raisedCap({ tokens: 1000 }, unknown)).toEqual({ usd: null, tokens: 2000 });
    expect(raisedCap({ tokens: 2000 }, { usd: null, tokens: 2077 }).tokens).toBe(4000);
  });

  it("are offered above what was spent, also where the limit was passed by far", () => {
    expect(raisedCap({ micro_usd: 1_000_000 }, { usd: 3.4, tokens: 9000 })).toEqual({
      usd: 8,
      tokens: null,
    });
    expect(raisedCap({ tokens: 0 }, { usd: null, tokens: 100 }).tokens).toBeGreaterThan(100);
  });

  it("are told from what was spent by the last figures, or by the words after a restart", () => {
    const end = { cost_usd: 0.25, prompt_tokens: 900, completion_tokens: 100 };
    expect(spentOf(end, null)).toEqual({ usd: 0.25, tokens: 1000 });
    const usd = "the limit of $0.05 is reached: $0.051 was spent";
    expect(spentOf(null, usd)).toEqual({ usd: 0.051, tokens: null });
    const tokens = "the limit of 1050 tokens would be passed: 1000 were taken";
    expect(spentOf(null, tokens)).toEqual({ usd: null, tokens: 1000 });
    expect(spentOf(null, null)).toEqual({ usd: null, tokens: null });
  });

  it("are in dollars only where there is a price", () => {
    const far = { is_this_machine: false, is_custom: false };
    expect(billingOf({ is_this_machine: true, is_custom: true }, undefined)).toBe("here");
    expect(billingOf(far, { price: null })).toBe("unpriced");
    const price = { prompt_usd_per_million: 1, completion_usd_per_million: 1 };
    expect(billingOf(far, { price })).toBe("priced");
    expect(billingOf(far, undefined)).toBe("priced");
    expect(billingOf({ ...far, is_custom: true }, undefined)).toBe("unpriced");
  });
});

import { describe, expect, it } from "vitest";
import type { Model, RecommendedModel, Verdict } from "~/ipc";
import { firstOffers, groupsOf, installedPlace, offerOf } from "./recommended";

function recommended(
  id: string,
  more: Partial<Omit<RecommendedModel, "model">> & { model?: Partial<Model> } = {},
): RecommendedModel {
  const { model, ...rest } = more;
  const variants = ["Q2_K", "Q4_K_M", "Q8_0"].map((label, at) => ({
    label,
    file: `${id}-${label}.gguf`,
    bytes: (at + 1) * 1e9,
  }));
  const base: Model = {
    id,
    name: id,
    family: "F",
    runtime: "gguf",
    repository: `owner/${id}`,
    licence: "mit",
    parameters: 3e9,
    context_length: 8192,
    good_for: "all",
    variants,
    ...model,
  };
  const fits: Verdict[] = ["fits", "fits", "fits"];
  return {
    model: base,
    fits,
    suggested: 2,
    installed: [null, null, null],
    available: true,
    ...rest,
  };
}

const starter = recommended("starter", { model: { role: "starter", parameters: 1e8 } });
const good = recommended("good", { model: { role: "recommended" } });
const big = recommended("big", {
  model: { role: "recommended", parameters: 30e9 },
  fits: ["may_be_slow", "may_be_slow", "will_not_fit"],
  suggested: 1,
});

describe("recommended models", () => {
  it("are grouped by what they ask for, and those that nothing here runs are left out", () => {
    const mlx = recommended("mlx", { model: { runtime: "mlx" }, available: false });
    const medium = recommended("medium", { model: { parameters: 8e9 } });
    const large = recommended("large", { model: { parameters: 20e9 } });
    const groups = groupsOf([starter, good, recommended("small"), medium, large, mlx]);
    expect(groups.map(({ id, models }) => [id, models.map(({ model }) => model.id)])).toEqual([
      ["begin", ["starter", "good"]],
      ["small", ["small"]],
      ["medium", ["medium"]],
      ["large", ["large"]],
    ]);
    expect(groupsOf([mlx])).toEqual([]);
    // Where they run they are listed by themselves, and not twice.
    expect(groupsOf([{ ...mlx, available: true }])).toEqual([]);
  });

  it("are offered as they are here, else as suggested", () => {
    expect(offerOf(good)?.variant.label).toBe("Q8_0");
    expect(offerOf(good, 0)?.variant.label).toBe("Q2_K");
    const here = recommended("good", { installed: [null, "good-Q4_K_M.gguf", "good-Q8_0.gguf"] });
    expect(installedPlace(here)).toBe(1);
    expect(offerOf(here)?.variant.label).toBe("Q4_K_M");
    expect(installedPlace(good)).toBe(null);
    expect(offerOf(recommended("none", { suggested: null, model: { variants: [] } }))).toBe(null);
  });
});

describe("the first model", () => {
  it("is the first recommended one that fits, in four bits, and the starter besides", () => {
    const { main, quick } = firstOffers([starter, big, good]);
    expect([main?.model.id, main?.variant.label]).toEqual(["good", "Q4_K_M"]);
    expect(quick?.model.id).toBe("starter");
  });

  it("is the starter where no other fits with room to spare", () => {
    const { main, quick } = firstOffers([starter, big]);
    expect(main?.model.id).toBe("starter");
    expect(quick).toBe(null);
    expect(firstOffers([])).toEqual({ main: null, quick: null });
  });
});

import { describe, expect, it } from "vitest";
import type { Calibration, LabelFigures } from "~/ipc";
import {
  hasNoFigures,
  labelRows,
  leadInText,
  likingText,
  recalibrationText,
  reliabilityRows,
  sourceText,
} from "./label-facts";

const prior: Calibration = { mode: "prior", bias: [0.7, -0.7], temperature: 1, inputs: 12 };

const figures: LabelFigures = {
  mode: "prior",
  counts: [
    { label: "positive", raw: 90, calibrated: 60 },
    { label: "negative", raw: 10, calibrated: 40 },
  ],
  cells: 100,
  unscored: 0,
  calibration: prior,
  checked_raw: null,
  checked_calibrated: null,
};

describe("the labels in figures", () => {
  it("have both counts and the model's liking while they are calibrated", () => {
    const [positive, negative] = labelRows(figures);
    expect(positive).toMatchObject({ label: "positive", raw: 90, calibrated: 60 });
    expect(likingText(positive?.liking ?? 0)).toBe("×2.0");
    expect(likingText(negative?.liking ?? 0)).toBe("÷2.0");
    expect(likingText(1.02)).toBe("as it is");
    expect(likingText(123.4)).toBe("×123");
  });

  it("have one count while they are as the model says", () => {
    const plain = { ...figures, calibration: { ...prior, mode: "none" } as const };
    for (const one of [plain, { ...figures, calibration: null }]) {
      expect(labelRows(one)[0]).toEqual({
        label: "positive",
        raw: 90,
        calibrated: null,
        liking: null,
      });
    }
  });

  it("say what the calibration was found by", () => {
    expect(sourceText(null)).toMatch(/^No calibration/);
    expect(sourceText(prior)).toContain("12 texts");
    expect(sourceText({ ...prior, checked_cells: 1 })).toContain("1 cell");
    expect(sourceText({ ...prior, mode: "batch", rows: 400 })).toContain("400 rows");
  });

  it("say behind which words of the model they were scored", () => {
    expect(leadInText(null)).toBeNull();
    expect(leadInText(prior)).toBeNull();
    expect(leadInText({ ...prior, lead_in: "The sentiment is " })).toContain(
      "“The sentiment is …”",
    );
  });

  it("say what a new calibration did to them", () => {
    const done = { cells: 380, changed: 38, unscored: 0, without_prior: 0 };
    expect(recalibrationText(done)).toBe("380 cells computed anew; 38 have another label now");
    expect(recalibrationText({ ...done, cells: 1, changed: 0, unscored: 2 })).toBe(
      "1 cell computed anew; every label stays · 2 cells stay: no scores are kept for them",
    );
    expect(recalibrationText({ ...done, cells: 0, changed: 0 })).toBe("Saved for the next run");
  });

  it("are worth a look where every cell was checked by a person", () => {
    const none = { ...figures, cells: 0 };
    expect(hasNoFigures(none)).toBe(true);
    const checked = { cells: 4, accuracy: 1, calibration_error: 0.1, reliability: [] };
    expect(hasNoFigures({ ...none, checked_raw: checked })).toBe(false);
    expect(hasNoFigures(figures)).toBe(false);
  });

  it("leave out the bins without cells", () => {
    const empty = { cells: 0, confidence: 0, accuracy: 0 };
    const bins = Array.from({ length: 10 }, () => empty);
    bins[8] = { cells: 3, confidence: 0.85, accuracy: 2 / 3 };
    const rows = reliabilityRows({
      cells: 3,
      accuracy: 2 / 3,
      calibration_error: 0.2,
      reliability: bins,
    });
    expect(rows).toEqual([{ range: "80% to 90%", cells: 3, confidence: 0.85, accuracy: 2 / 3 }]);
  });
});

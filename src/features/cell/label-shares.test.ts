import { describe, expect, it } from "vitest";
import type { LabelShare } from "~/ipc";
import { isOverturned, shareRows } from "./label-shares";

const shares: LabelShare[] = [
  { label: "positive", raw: 0.7, calibrated: 0.3 },
  { label: "negative", raw: 0.3, calibrated: 0.7 },
];

describe("what a model thought of each label", () => {
  it("is listed by the share that decides", () => {
    const rows = shareRows(shares, "negative");
    expect(rows.map((row) => row.label)).toEqual(["negative", "positive"]);
    expect(rows.map((row) => row.isValue)).toEqual([true, false]);
    expect(isOverturned(rows)).toBe(true);
  });

  it("has one share each where nothing was calibrated, or nothing came of it", () => {
    const plain = shares.map((share) => ({ ...share, calibrated: null }));
    const same = shares.map((share) => ({ ...share, calibrated: share.raw }));
    for (const rows of [shareRows(plain, "positive"), shareRows(same, "positive")]) {
      expect(rows.map((row) => row.calibrated)).toEqual([null, null]);
      expect(rows[0]).toMatchObject({ label: "positive", isValue: true });
      expect(isOverturned(rows)).toBe(false);
    }
  });

  it("knows the labels of a column of yes or no", () => {
    const yes = { label: "true", raw: 0.6, calibrated: null };
    const no = { label: "false", raw: 0.4, calibrated: null };
    expect(shareRows([yes, no], false).map((row) => row.isValue)).toEqual([false, true]);
    expect(shareRows([], "x")).toEqual([]);
    expect(isOverturned([])).toBe(false);
  });

  it("takes a share that is no number for none", () => {
    expect(shareRows([{ label: "a", raw: null, calibrated: null }], null)[0]?.raw).toBe(0);
  });
});

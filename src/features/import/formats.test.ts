import { describe, expect, it } from "vitest";
import {
  extensionOf,
  fileName,
  formatFromPath,
  formats,
  importable,
  isRecipePath,
  sheetNameFromPath,
} from "./formats";

describe("paths", () => {
  it("takes the last part of paths of any platform", () => {
    expect(fileName("/home/ada/a b.csv")).toBe("a b.csv");
    expect(fileName("C:\\Users\\Ada\\x.xlsx")).toBe("x.xlsx");
    expect(fileName("/home/ada/folder/")).toBe("folder");
    expect(fileName("plain.csv")).toBe("plain.csv");
  });

  it("finds endings in any letter case, and none in a hidden file", () => {
    expect(extensionOf("/a/b.CSV")).toBe("csv");
    expect(extensionOf("/a.b/c")).toBe("");
    expect(extensionOf("/a/.csv")).toBe("");
    expect(extensionOf("/a/x.tar.gz")).toBe("gz");
  });

  it("knows every ending that the importer knows", () => {
    const endings = {
      csv: ["csv"],
      tsv: ["tsv", "tab"],
      jsonl: ["jsonl", "ndjson"],
      json: ["json"],
      parquet: ["parquet", "pq"],
      arrow: ["arrow", "feather", "ipc", "arrows"],
      xlsx: ["xlsx", "xlsm"],
      xls: ["xls"],
      ods: ["ods"],
    };
    for (const [format, words] of Object.entries(endings)) {
      for (const word of words) expect(formatFromPath(`/x/data.${word}`)).toBe(format);
    }
    expect(formats).toHaveLength(Object.keys(endings).length);
    expect(formatFromPath("/x/picture.png")).toBeNull();
    expect(formatFromPath("/x/csv")).toBeNull();
  });

  it("names a sheet after its file", () => {
    expect(sheetNameFromPath("/a/tickets.2026.csv")).toBe("tickets.2026");
    expect(sheetNameFromPath("/a/tickets")).toBe("tickets");
  });

  it("knows recipes, which are no tables", () => {
    expect(isRecipePath("/a/config.YML")).toBe(true);
    expect(isRecipePath("/a/config.json")).toBe(false);
  });
});

describe("several files", () => {
  it("sets aside what is no table", () => {
    const paths = ["/f/a.csv", "/f/b.png", "/f/c.parquet", "/f/readme"];
    expect(importable(paths)).toEqual({
      files: ["/f/a.csv", "/f/c.parquet"],
      leftOut: ["/f/b.png", "/f/readme"],
    });
  });

  it("tries a file that came alone, whatever it is called", () => {
    expect(importable(["/f/data"])).toEqual({ files: ["/f/data"], leftOut: [] });
  });
});

import { expect, it } from "vitest";
import { foundType, isNumeric } from "./types";

it("calls the database's types as people do", () => {
  const expected = {
    VARCHAR: "text",
    BIGINT: "integer",
    INTEGER: "integer",
    UHUGEINT: "integer",
    DOUBLE: "number",
    "DECIMAL(18,3)": "number",
    "DECIMAL(38, 0)": "number",
    BOOLEAN: "boolean",
    DATE: "date",
    TIMESTAMP: "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    JSON: "json",
    "INTEGER[]": "json",
    "STRUCT(a INTEGER)": "json",
    "MAP(VARCHAR, INTEGER)": "json",
    TIME: "time",
    BLOB: "blob",
  };
  for (const [sql, found] of Object.entries(expected)) expect(foundType(sql), sql).toBe(found);
});

it("puts numbers at the right", () => {
  expect(["BIGINT", "DOUBLE", "VARCHAR", "DATE"].map(isNumeric)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

import type { DataType } from "~/ipc";

/** The types that a data column can be given, in the order in which they are offered. */
export const DATA_TYPES: readonly DataType[] = [
  "text",
  "integer",
  "number",
  "boolean",
  "date",
  "timestamp",
  "json",
];

const STORED: Record<string, DataType> = {
  VARCHAR: "text",
  BIGINT: "integer",
  DOUBLE: "number",
  BOOLEAN: "boolean",
  DATE: "date",
  TIMESTAMP: "timestamp",
  JSON: "json",
};

/** The type that a column has among those offered; null for one that only an import makes. */
export function dataTypeOf(sqlType: string): DataType | null {
  return STORED[sqlType] ?? null;
}

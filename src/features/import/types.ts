import type { DataType } from "~/ipc";

/** The types that a person may choose for a column. */
export const dataTypes: readonly DataType[] = [
  "text",
  "integer",
  "number",
  "boolean",
  "date",
  "timestamp",
  "json",
];

/**
 * The word for the type that the importer found. It finds more types than a person may choose,
 * such as lists and times; those are called as the database calls them.
 */
export function foundType(sqlType: string): DataType | string {
  const name = sqlType.toUpperCase();
  if (name === "VARCHAR") return "text";
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(name)) return "integer";
  if (name === "DOUBLE" || name === "FLOAT" || /^DECIMAL\(\d+, ?\d+\)$/.test(name)) return "number";
  if (name === "BOOLEAN") return "boolean";
  if (name === "DATE") return "date";
  if (name.startsWith("TIMESTAMP")) return "timestamp";
  if (name === "JSON" || name.endsWith("[]") || /^(STRUCT|MAP|LIST)\b/.test(name)) return "json";
  return sqlType.toLowerCase();
}

/** Whether values of a column stand at the right, as numbers do. */
export function isNumeric(sqlType: string): boolean {
  const found = foundType(sqlType);
  return found === "integer" || found === "number";
}

import type { Column, DataType } from "~/ipc";

/** The type of the window that a column's SQL type is. */
export function dataTypeOf(column: Pick<Column, "sql_type" | "value_type">): DataType {
  const sql = column.sql_type.toUpperCase();
  switch (column.value_type) {
    case "number":
      return /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?\b/.test(sql) ? "integer" : "number";
    case "boolean":
      return "boolean";
    case "time":
      return sql === "DATE" ? "date" : "timestamp";
    case "nested":
      return "json";
    case "text":
    case "binary":
      return sql === "JSON" ? "json" : "text";
  }
}

import type { SheetId, SqlResult, Value } from "../bindings";
import { addColumn } from "./columns";
import type { Part } from "./commands";
import { refuse } from "./failure";
import { fillSheet } from "./import";
import { freeSheetName, newSheet } from "./new-sheet";
import type { FakeSheet } from "./sheet";
import { compareValues, dataTypeOf, textOf } from "./values";
import type { World } from "./world";

const MOST_ROWS = 1000;
const SHAPE =
  /^\s*select\s+(.+?)\s+from\s+sheet(?:\s+group\s+by\s+(all|"[^"]+"|\w+))?(?:\s+order\s+by\s+("[^"]+"|\w+)(\s+desc)?)?(?:\s+limit\s+(\d+))?\s*;?\s*$/is;

interface Table {
  columns: SqlResult["columns"];
  rows: Value[][];
}

/** Columns, `count(*)`, GROUP BY one column, ORDER BY and LIMIT: enough to look at the panel. */
function ask(sheet: FakeSheet, query: string): Table {
  const shape = SHAPE.exec(query);
  if (!shape) {
    const word = query.trim().split(/\s+/)[0] ?? "";
    const reason = /^select$/i.test(word)
      ? "syntax error at or near the end"
      : `only SELECT can be run, and this begins with \`${word}\``;
    return refuse("bad_input", reason, "the table is called `sheet`");
  }
  const [, list = "*", group, order, descending, limit] = shape;
  const names =
    list.trim() === "*"
      ? sheet.columns.map((column) => column.name)
      : list.split(",").map((item) => item.trim().replace(/^"(.*)"$/, "$1"));
  const read = names.map((name) => {
    if (/^count\(\*\)$/i.test(name)) return null;
    const column = sheet.columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
    return column ?? refuse("bad_input", `there is no column \`${name}\``, 'quote it with ""');
  });
  const keys = read.filter((column) => column !== null);
  let rows: Value[][];
  if (read.includes(null) && (group || keys.length === 0)) {
    const counts = new Map<string, { values: Value[]; count: number }>();
    for (const row of sheet.allRows()) {
      const values = keys.map((column) => sheet.cell(row, column).value);
      const key = values.map(textOf).join("\u0000");
      const found = counts.get(key) ?? { values, count: 0 };
      found.count += 1;
      counts.set(key, found);
    }
    rows = [...counts.values()].map(({ values, count }) => {
      const rest = [...values];
      return read.map((column) => (column ? (rest.shift() ?? null) : count));
    });
  } else {
    rows = sheet.allRows().map((row) => keys.map((column) => sheet.cell(row, column).value));
  }
  const by = order ? names.indexOf(order.replace(/^"(.*)"$/, "$1")) : -1;
  if (by >= 0) {
    const turn = descending ? -1 : 1;
    rows.sort((left, right) => turn * compareValues(left[by] ?? null, right[by] ?? null));
  }
  const columns = names.map((name, at) => ({ name, sql_type: read[at]?.sql_type ?? "BIGINT" }));
  return { columns, rows: limit ? rows.slice(0, Number(limit)) : rows };
}

export function sqlCommands(world: World): Part<"sql" | "sqlToSheet"> {
  const answer = (id: SheetId, query: string, task: string): Promise<Table> =>
    world.task(task, async (pause) => {
      await pause(80);
      return ask(world.sheet(id), query);
    });
  return {
    sql: async (id, query, task) => {
      const { columns, rows } = await answer(id, query, task);
      return { columns, rows: rows.slice(0, MOST_ROWS), truncated: rows.length > MOST_ROWS };
    },
    sqlToSheet: async (id, query, name, task) => {
      const { columns, rows } = await answer(id, query, task);
      const sheet = newSheet(world, freeSheetName(world, name));
      const types = columns.map((column) => dataTypeOf(column.sql_type));
      const preview = { dialect: null, tables: [], table: null, size_bytes: 0, warnings: [] };
      if (rows.length === 0) for (const { name: each } of columns) addColumn(sheet, each, "text");
      else fillSheet(sheet, { names: columns.map((each) => each.name), types, rows, preview });
      return sheet.info;
    },
  };
}

/**
 * Cells as tab-separated text, the way spreadsheets exchange them: a cell that holds a tab, a line
 * break or a quote stands in quotes, and quotes inside are doubled (RFC 4180 with tabs).
 */

/** One text of a block of cells; reading it again gives the same block. */
export function formatTsv(block: string[][]): string {
  // A lone empty cell as a whole line would read as no line at all.
  return block
    .map((row) => (row.length === 1 && row[0] === "" ? '""' : row.map(quoted).join("\t")))
    .join("\r\n");
}

function quoted(cell: string): string {
  return /[\t\r\n"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * The cells of a tab-separated text. One line break at the end is not a row. A quote that does not
 * begin a cell, and one that is never closed, are ordinary characters.
 */
export function parseTsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  if (text === "") return rows;
  while (true) {
    const close = text[at] === '"' ? closingQuote(text, at) : -1;
    let cell: string;
    if (close >= 0) {
      cell = text.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
    } else {
      const end = plainEnd(text, at);
      cell = text.slice(at, end);
      at = end;
    }
    row.push(cell);
    if (text[at] === "\t") {
      at += 1;
      continue;
    }
    rows.push(row);
    row = [];
    if (at >= text.length) return rows;
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    if (at >= text.length) return rows;
  }
}

/** The quote that ends a cell: not doubled, and with a tab, a line break or the end behind it. */
function closingQuote(text: string, open: number): number {
  let at = open + 1;
  while (true) {
    at = text.indexOf('"', at);
    if (at < 0) return -1;
    if (text[at + 1] === '"') {
      at += 2;
      continue;
    }
    const next = text[at + 1];
    return next === undefined || next === "\t" || next === "\n" || next === "\r" ? at : -1;
  }
}

function plainEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "\t" && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

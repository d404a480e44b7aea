/**
 * The rows that were read, in pages. It knows which rows are missing, asks for them one page at a
 * time, and never lets an old answer overwrite what came later.
 */
import type { CellView, ColumnId, GridSource, RowId } from "./types";

/** Rows in one request. */
export const pageRows = 200;
/** Requests under way for what is on screen; more would only queue in front of the latest wish. */
const requestsAtOnce = 2;
/** Requests under way including those whose answers are no longer wanted. */
const requestsInAll = 4;
/** Cells kept; 20 columns of it are 25,000 rows. */
const cellsKept = 500_000;
/** Waits before a failed page is asked for again; then it waits for the next reload. */
const retryAfterMs = [400, 1500, 4000];

interface Page {
  generation: number;
  /** How many rows there were when it was read; a page at the end grows when rows are added. */
  rowCount: number;
  rows: RowId[];
  cells: Map<ColumnId, CellView[]>;
}

interface Request {
  page: number;
  generation: number;
  columns: Set<ColumnId>;
  /** Patches that came after this number may be missing from the answer. */
  patchesBefore: number;
}

interface Patch {
  number: number;
  row: RowId;
  column: ColumnId;
  patch: Partial<CellView>;
}

/** Rows to show: those on screen, and the way they move. */
export interface Wanted {
  first: number;
  /** Not included. */
  end: number;
  columns: ColumnId[];
  /** 1 while scrolling down, -1 while scrolling up, 0 at rest. */
  direction: -1 | 0 | 1;
}

export class RowCache {
  private rowCount = 0;
  private generation = 0;
  /** In the order of last use: the first is the next to go. */
  private readonly pages = new Map<number, Page>();
  private readonly positions = new Map<RowId, number>();
  private readonly requests = new Set<Request>();
  private readonly failures = new Map<number, { count: number; until: number }>();
  private patches: Patch[] = [];
  private patchNumber = 0;
  private wanted: Wanted = { first: 0, end: 0, columns: [], direction: 0 };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  /** `onArrived` tells which positions may look different now; `end` is not included. */
  constructor(
    private readonly source: GridSource,
    private readonly onArrived: (first: number, end: number) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** Forgets rows that no longer exist. */
  setRowCount(rowCount: number): void {
    if (rowCount === this.rowCount) return;
    this.rowCount = rowCount;
    for (const index of [...this.pages.keys()]) {
      if (index * pageRows >= rowCount) this.drop(index);
    }
  }

  /** The cell at a position, if it was read. */
  cell(position: number, column: ColumnId): CellView | undefined {
    if (position >= this.rowCount) return undefined;
    return this.pages.get(Math.floor(position / pageRows))?.cells.get(column)?.[
      position % pageRows
    ];
  }

  /** The row at a position, if it was read. */
  row(position: number): RowId | null {
    if (position >= this.rowCount) return null;
    return this.pages.get(Math.floor(position / pageRows))?.rows[position % pageRows] ?? null;
  }

  /** Where a row is, if it was read. */
  positionOf(row: RowId): number | null {
    return this.positions.get(row) ?? null;
  }

  /** Says what is on screen. Reads what is missing: that first, then the page ahead. */
  want(wanted: Wanted): void {
    this.wanted = wanted;
    this.ask();
  }

  /**
   * Everything is to be read again. What is on screen stays until its new content has come; the
   * rest is forgotten. Answers that are under way are dropped.
   */
  invalidate(): void {
    this.generation += 1;
    this.failures.clear();
    const { first, end } = this.wanted;
    for (const index of [...this.pages.keys()]) {
      if ((index + 1) * pageRows <= first || index * pageRows >= end) this.drop(index);
    }
    this.ask();
  }

  /** Changes a cell that was read; returns its position, or null when it is not here. */
  patch(row: RowId, column: ColumnId, patch: Partial<CellView>): number | null {
    this.patchNumber += 1;
    // An answer under way may have been read before this change: it is made again on top of it.
    if (this.requests.size > 0) {
      this.patches.push({ number: this.patchNumber, row, column, patch });
    }
    return this.apply(row, column, patch);
  }

  /** No callback is made any more. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private apply(row: RowId, column: ColumnId, patch: Partial<CellView>): number | null {
    const position = this.positions.get(row);
    if (position === undefined) return null;
    const cells = this.pages.get(Math.floor(position / pageRows))?.cells.get(column);
    const cell = cells?.[position % pageRows];
    if (cells === undefined || cell === undefined) return null;
    cells[position % pageRows] = { ...cell, ...patch };
    return position;
  }

  private ask(): void {
    if (this.closed) return;
    for (const page of this.pagesWanted()) {
      if (this.requests.size >= requestsInAll) return;
      let current = 0;
      for (const request of this.requests) {
        if (request.generation === this.generation) current += 1;
      }
      if (current >= requestsAtOnce) return;
      const columns = this.missing(page);
      if (columns.length > 0) void this.read(page, columns);
    }
  }

  private *pagesWanted(): Generator<number> {
    const { first, end, direction } = this.wanted;
    if (end <= first || this.wanted.columns.length === 0) return;
    const from = Math.floor(first / pageRows);
    const to = Math.floor((end - 1) / pageRows);
    for (let page = from; page <= to; page += 1) {
      this.touch(page);
      yield page;
    }
    const ahead = direction < 0 ? from - 1 : to + 1;
    if (direction !== 0 && ahead >= 0 && ahead * pageRows < this.rowCount) yield ahead;
  }

  private missing(index: number): ColumnId[] {
    const failure = this.failures.get(index);
    if (failure !== undefined && failure.until > this.now()) return [];
    const page = this.pages.get(index);
    const isCurrent = page !== undefined && page.generation === this.generation;
    const isWhole = isCurrent && (page.rowCount === this.rowCount || page.rows.length === pageRows);
    return this.wanted.columns.filter((column) => {
      if (isWhole && page.cells.has(column)) return false;
      for (const request of this.requests) {
        if (
          request.page === index &&
          request.generation === this.generation &&
          request.columns.has(column)
        ) {
          return false;
        }
      }
      return true;
    });
  }

  private async read(index: number, columns: ColumnId[]): Promise<void> {
    const request: Request = {
      page: index,
      generation: this.generation,
      columns: new Set(columns),
      patchesBefore: this.patchNumber,
    };
    const rowCount = this.rowCount;
    const start = index * pageRows;
    this.requests.add(request);
    try {
      const answer = await this.source.window(columns, start, Math.min(pageRows, rowCount - start));
      if (this.closed || request.generation !== this.generation) return;
      this.failures.delete(index);
      const rows = answer.rows.map((row) => row.row);
      let page = this.pages.get(index);
      if (page === undefined || page.generation !== this.generation || !same(page.rows, rows)) {
        this.drop(index);
        page = { generation: this.generation, rowCount, rows, cells: new Map() };
        this.pages.set(index, page);
        rows.forEach((row, offset) => {
          this.positions.set(row, start + offset);
        });
      }
      page.rowCount = rowCount;
      for (const [place, column] of answer.columns.entries()) {
        page.cells.set(
          column,
          answer.rows.map((row) => row.cells[place] ?? nothing),
        );
      }
      for (const patch of this.patches) {
        if (patch.number > request.patchesBefore) {
          this.apply(patch.row, patch.column, patch.patch);
        }
      }
      this.trim();
      this.onArrived(start, start + rows.length);
    } catch {
      // The sheet reports its own failures; here a page is only asked for again, ever more rarely.
      this.failed(index);
    } finally {
      this.requests.delete(request);
      if (this.requests.size === 0) this.patches = [];
      this.ask();
    }
  }

  private failed(index: number): void {
    if (this.closed) return;
    const count = (this.failures.get(index)?.count ?? 0) + 1;
    const wait = retryAfterMs[count - 1];
    this.failures.set(index, {
      count,
      until: wait === undefined ? Number.POSITIVE_INFINITY : this.now() + wait,
    });
    if (wait === undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), wait + 1);
  }

  private touch(index: number): void {
    const page = this.pages.get(index);
    if (page === undefined) return;
    this.pages.delete(index);
    this.pages.set(index, page);
  }

  private trim(): void {
    let cells = 0;
    for (const page of this.pages.values()) cells += page.rows.length * page.cells.size;
    const from = Math.floor(this.wanted.first / pageRows);
    const to = Math.floor(Math.max(this.wanted.first, this.wanted.end - 1) / pageRows);
    for (const [index, page] of this.pages) {
      if (cells <= cellsKept) return;
      if (index >= from && index <= to) continue;
      cells -= page.rows.length * page.cells.size;
      this.drop(index);
    }
  }

  private drop(index: number): void {
    const page = this.pages.get(index);
    if (page === undefined) return;
    this.pages.delete(index);
    for (const [offset, row] of page.rows.entries()) {
      if (this.positions.get(row) === index * pageRows + offset) this.positions.delete(row);
    }
  }
}

const nothing: CellView = { value: null, state: null, error: null, confidence: null };

function same(left: RowId[], right: RowId[]): boolean {
  return left.length === right.length && left.every((row, index) => row === right[index]);
}

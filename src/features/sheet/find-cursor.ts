/** Matches that are read at a time. */
export const pageLength = 200;

/** Where somebody is among the matches. */
export interface FindCursor {
  /** All matches. */
  total: number;
  /** The match that is shown, from 0; -1 before the first. */
  at: number;
  /** The first match of the page that is held. */
  skip: number;
  /** How many matches the page has. */
  length: number;
}

/** The next or previous match, around the ends; null without matches. */
export function stepped(cursor: FindCursor, back: boolean): number | null {
  if (cursor.total === 0) return null;
  if (cursor.at < 0) return back ? cursor.total - 1 : 0;
  return (cursor.at + (back ? -1 : 1) + cursor.total) % cursor.total;
}

/** Where a match is in the page that is held; null when another page has to be read. */
export function placeInPage(cursor: FindCursor, at: number): number | null {
  const place = at - cursor.skip;
  return place >= 0 && place < cursor.length ? place : null;
}

/** The page to read for a match: pages begin at multiples of their length. */
export function pageOf(at: number): number {
  return Math.floor(at / pageLength) * pageLength;
}

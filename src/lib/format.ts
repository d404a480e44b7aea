/**
 * Values as people read them. The language is that of the system; every function takes what it
 * needs and asks no clock.
 */
import type { Value } from "~/ipc";

/** The system's language, but a computer without one ("C") still groups its digits. */
const language = new Intl.NumberFormat().resolvedOptions().locale.replace(/-u-.*posix.*$/, "");

const counts = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const numbers = new Intl.NumberFormat(language, { maximumSignificantDigits: 6 });
const dateTimes = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const dates = new Intl.DateTimeFormat(language, { dateStyle: "medium" });

/** A number of things: "12,345". */
export function formatCount(n: number): string {
  return counts.format(n);
}

/** A number of things with their name: "1 row", "2,000 rows". */
export function counted(n: number, one: string, many: string): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

/**
 * A measured number with at most six significant digits: "0.123457", "1,234.5". Null is a number
 * that is too large for JSON.
 */
export function formatNumber(n: number | null): string {
  if (n === null) return "∞";
  if (!Number.isFinite(n)) return Number.isNaN(n) ? "not a number" : n > 0 ? "∞" : "-∞";
  const size = Math.abs(n);
  if (size !== 0 && (size >= 1e15 || size < 1e-6)) return n.toExponential(3);
  // Six digits would change a whole number.
  return Number.isInteger(n) ? counts.format(n) : numbers.format(n);
}

/** A share from 0 to 1: "42%". Never "0%" or "100%" unless it is exactly that. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.01) return "<1%";
  if (share < 1 && share > 0.99) return ">99%";
  return `${Math.round(share * 100)}%`;
}

/** A size: "640 B", "1.4 MB". Thousands as the file manager counts them. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let unit = 0;
  while (unit < units.length - 1 && Math.round(size) >= 1000) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && size < 9.95 ? 1 : 0;
  return `${size.toFixed(digits)} ${units[unit]}`;
}

/** How long something takes: "340 ms", "4.2 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return "–";
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return two(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** How long something still waits, counted down in whole seconds: "1 s", "12 s", "3 min 20 s". */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** How long ago: "just now", "5 min ago", "yesterday"; a date when it is more than a week. */
export function formatRelativeTime(at_ms: number, now_ms: number): string {
  const minutes = Math.floor((now_ms - at_ms) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const days = daysBetween(at_ms, now_ms);
  if (days === 0) return `${Math.floor(minutes / 60)} h ago`;
  if (days === 1) return "yesterday";
  if (days < 7) return `${days} days ago`;
  return dates.format(at_ms);
}

function daysBetween(at_ms: number, now_ms: number): number {
  const at = new Date(at_ms).setHours(0, 0, 0, 0);
  const now = new Date(now_ms).setHours(0, 0, 0, 0);
  // Rounded, since a day of a clock change has 23 or 25 hours.
  return Math.round((now - at) / 86_400_000);
}

/** A moment: "Nov 21, 2026, 2:05 PM". */
export function formatDateTime(ms: number): string {
  return dateTimes.format(ms);
}

/** A cell's value as one text: what is shown, copied and edited. Empty cells give "". */
export function valueText(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

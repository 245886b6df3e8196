// How lines of text stand in rows of a fixed number of columns, as on a terminal:
// arithmetic only. What has been counted of a chunk of lines is remembered, so that a
// long console costs no more at each change than its newest chunk.
import type { Rows } from "./rows";

/** What is wrapped: a text, which has one row at least. */
export interface Wrapped {
  readonly text: string;
}

/** Characters that have two columns: East Asian wide ones and pictures (UAX #11, roughly by its blocks). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** Characters that have none: they belong to the one before. */
const NONE = /[\p{Mn}\p{Me}\u200b-\u200d\ufeff]/u;
/** Text of which each character has one column. */
const PLAIN = /^[\u0020-\u007e\u00a0-\u02ff]*$/;

function columnsOf(c: string): number {
  if (NONE.test(c)) return 0;
  return WIDE.test(c) ? 2 : 1;
}

/** breaks returns where the rows of a text begin after the first. */
function breaks(text: string, columns: number): readonly number[] {
  const out: number[] = [];
  if (PLAIN.test(text)) {
    for (let i = columns; i < text.length; i += columns) out.push(i);
    return out;
  }
  let used = 0;
  let i = 0;
  for (const c of text) {
    const w = columnsOf(c);
    if (used + w > columns && used > 0) {
      out.push(i);
      used = 0;
    }
    used += w;
    i += c.length;
  }
  return out;
}

/** rowsOf is how many rows a text has. */
export function rowsOf(text: string, columns: number): number {
  if (PLAIN.test(text)) return Math.max(1, Math.ceil(text.length / columns));
  return breaks(text, columns).length + 1;
}

/** rowOf is the text of one of its rows. */
export function rowOf(text: string, columns: number, row: number): string {
  const at = breaks(text, columns);
  return text.slice(row === 0 ? 0 : at[row - 1], at[row] ?? text.length);
}

/** A row of wrapped lines: the absolute number of its line, and which of the line's rows it is. */
export interface Place {
  readonly line: number;
  readonly row: number;
}

interface Counted {
  readonly columns: number;
  /** Rows before each line of the chunk, and at the end all of them. */
  readonly before: Uint32Array;
}

const counted = new WeakMap<readonly Wrapped[], Counted>();

function count(chunk: readonly Wrapped[], columns: number): Uint32Array {
  const had = counted.get(chunk);
  if (had !== undefined && had.columns === columns) return had.before;
  const before = new Uint32Array(chunk.length + 1);
  chunk.forEach((line, i) => {
    before[i + 1] = (before[i] ?? 0) + rowsOf(line.text, columns);
  });
  counted.set(chunk, { columns, before });
  return before;
}

/** height is how many rows all lines have. */
export function height(lines: Rows<Wrapped>, columns: number): number {
  let rows = 0;
  for (const chunk of lines.chunks) rows += count(chunk, columns)[chunk.length] ?? 0;
  return rows;
}

/** above is how many rows there are before a line that is kept, by its absolute number. */
export function above(lines: Rows<Wrapped>, columns: number, line: number): number {
  let i = line - lines.first;
  let rows = 0;
  for (const chunk of lines.chunks) {
    const before = count(chunk, columns);
    if (i < chunk.length) return rows + (before[Math.max(i, 0)] ?? 0);
    rows += before[chunk.length] ?? 0;
    i -= chunk.length;
  }
  return rows;
}

/** places returns where the rows from one number up to, but not with, another are, counted from the first kept line. */
export function places(lines: Rows<Wrapped>, columns: number, from: number, to: number): readonly Place[] {
  const out: Place[] = [];
  let rows = 0;
  let first = lines.first;
  for (const chunk of lines.chunks) {
    const before = count(chunk, columns);
    const all = before[chunk.length] ?? 0;
    if (rows + all > from && rows < to) {
      for (let i = search(before, from - rows); i < chunk.length; i++) {
        const start = rows + (before[i] ?? 0);
        const stop = rows + (before[i + 1] ?? 0);
        if (start >= to) break;
        for (let r = Math.max(start, from); r < Math.min(stop, to); r++) out.push({ line: first + i, row: r - start });
      }
    }
    rows += all;
    first += chunk.length;
  }
  return out;
}

/** search returns the line of a chunk that has a row. */
function search(before: Uint32Array, row: number): number {
  let lo = 0;
  let hi = before.length - 1;
  while (lo + 1 < hi) {
    const mid = (lo + hi) >> 1;
    if ((before[mid] ?? 0) <= row) lo = mid;
    else hi = mid;
  }
  return lo;
}

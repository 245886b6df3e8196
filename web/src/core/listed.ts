// The rows that a filter lets through, in a list of their own: kept up as rows come and
// go, so that each row is looked at once and not with each drawing.
import { type Filter, isAll, passes } from "./filter";
import type { Row } from "./row";
import { append, at, dropFirst, end, noRows, type Rows } from "./rows";

/** What is listed: places first to first + length - 1, each with the absolute number of a row. */
export interface Listed {
  readonly first: number;
  readonly length: number;
  /** The row's number at a place, undefined beyond the list. */
  readonly at: (place: number) => number | undefined;
  /** The place of a row, undefined where it is not listed. */
  readonly placeOf: (n: number) => number | undefined;
}

export class Lister {
  private by: Filter | undefined;
  private hits: Rows<number> = noRows(0);
  private scanned = 0;
  /** The last row that was looked at: another one in its place is of another list. */
  private before: Row | undefined;

  /** list lists the rows of a filter, up to the first of which it is not known yet whether it is one. */
  list(rows: Rows<Row>, f: Filter): Listed {
    if (isAll(f)) return all(rows);
    if (f !== this.by || (this.scanned > rows.first && at(rows, this.scanned - 1) !== this.before)) {
      this.by = f;
      this.hits = noRows(rows.limit);
      this.scanned = rows.first;
    }
    const shown = passes(f);
    const fresh: number[] = [];
    let n = Math.max(this.scanned, rows.first);
    for (; n < end(rows); n++) {
      const row = at(rows, n);
      const is = row !== undefined && shown(row);
      if (is === undefined) break;
      if (is) fresh.push(n);
    }
    this.scanned = n;
    this.before = at(rows, this.scanned - 1);
    this.hits = append(this.hits, fresh);
    while (this.hits.chunks.length > 1 && (this.hits.chunks[0]?.at(-1) ?? 0) < rows.first) {
      this.hits = dropFirst(this.hits);
    }
    return some(this.hits, rows.first);
  }
}

function all(rows: Rows<Row>): Listed {
  const inside = (n: number): number | undefined => (n >= rows.first && n < end(rows) ? n : undefined);
  return { first: rows.first, length: rows.length, at: inside, placeOf: inside };
}

/** some is a list of numbers that ascend; those below kept are of rows that were let go. */
function some(hits: Rows<number>, kept: number): Listed {
  /** The first place whose number is at least n. */
  const from = (n: number): number => {
    let [low, high] = [hits.first, end(hits)];
    while (low < high) {
      const mid = (low + high) >> 1;
      if ((at(hits, mid) ?? 0) < n) low = mid + 1;
      else high = mid;
    }
    return low;
  };
  const first = from(kept);
  return {
    first,
    length: end(hits) - first,
    at: (place) => (place < first ? undefined : at(hits, place)),
    placeOf: (n) => {
      const place = from(n);
      return place >= first && at(hits, place) === n ? place : undefined;
    },
  };
}

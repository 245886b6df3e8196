// A persistent list that only grows at its end and forgets at its start. A new
// version shares all full chunks with the old one, so a batch costs one chunk's
// copy however long the list is, and whoever holds an old version keeps it.

const CHUNK = 500;

export interface Rows<T> {
  /** How many are kept. */
  readonly length: number;
  /** How many are no longer kept: the absolute number of the first one that is. */
  readonly first: number;
  readonly limit: number;
  readonly chunks: readonly (readonly T[])[];
}

/** noRows is an empty list that will keep at most limit items (at least one chunk of 500). */
export function noRows<T>(limit: number): Rows<T> {
  return { length: 0, first: 0, limit: Math.max(limit, CHUNK), chunks: [] };
}

/** append returns rows with items at its end; the oldest chunks go where the limit asks for it. */
export function append<T>(rows: Rows<T>, items: readonly T[]): Rows<T> {
  if (items.length === 0) return rows;
  const chunks = rows.chunks.slice();
  let length = rows.length;
  let first = rows.first;
  let tail = chunks.at(-1);
  let from = 0;
  if (tail !== undefined && tail.length < CHUNK) {
    from = CHUNK - tail.length;
    tail = tail.concat(items.slice(0, from));
    chunks[chunks.length - 1] = tail;
  }
  for (; from < items.length; from += CHUNK) chunks.push(items.slice(from, from + CHUNK));
  length += items.length;
  while (length > rows.limit) {
    const dropped = chunks.shift();
    if (dropped === undefined) break;
    length -= dropped.length;
    first += dropped.length;
  }
  return { length, first, limit: rows.limit, chunks };
}

/** replace returns rows with another item at an absolute number, which must be kept. It copies one chunk. */
export function replace<T>(rows: Rows<T>, n: number, item: T): Rows<T> {
  const i = n - rows.first;
  const k = Math.floor(i / CHUNK);
  const old = rows.chunks[k];
  if (i < 0 || i >= rows.length || old === undefined) return rows;
  const chunk = old.slice();
  chunk[i % CHUNK] = item;
  const chunks = rows.chunks.slice();
  chunks[k] = chunk;
  return { ...rows, chunks };
}

/** dropFirst lets the oldest chunk go, if there is more than one. */
export function dropFirst<T>(rows: Rows<T>): Rows<T> {
  const gone = rows.chunks[0];
  if (gone === undefined || rows.chunks.length === 1) return rows;
  return {
    ...rows,
    length: rows.length - gone.length,
    first: rows.first + gone.length,
    chunks: rows.chunks.slice(1),
  };
}

/** at returns the row with an absolute number, undefined when it is not kept (yet, or any more). */
export function at<T>(rows: Rows<T>, n: number): T | undefined {
  const i = n - rows.first;
  if (i < 0 || i >= rows.length) return undefined;
  return rows.chunks[Math.floor(i / CHUNK)]?.[i % CHUNK];
}

/** end is one past the absolute number of the last row. */
export function end<T>(rows: Rows<T>): number {
  return rows.first + rows.length;
}

/** find looks from an absolute number in a direction; it returns the number found, or undefined. */
export function find<T>(rows: Rows<T>, from: number, step: 1 | -1, wanted: (row: T) => boolean): number | undefined {
  for (let n = from; n >= rows.first && n < end(rows); n += step) {
    const row = at(rows, n);
    if (row !== undefined && wanted(row)) return n;
  }
  return undefined;
}

/** last returns up to count of the newest rows, oldest first. */
export function last<T>(rows: Rows<T>, count: number): readonly T[] {
  const out: T[] = [];
  for (let n = Math.max(rows.first, end(rows) - count); n < end(rows); n++) {
    const row = at(rows, n);
    if (row !== undefined) out.push(row);
  }
  return out;
}

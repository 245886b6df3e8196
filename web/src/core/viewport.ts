// Which rows of a long list are on the screen: arithmetic only.

export interface Viewport {
  /** Absolute numbers of rows: the first drawn, and one past the last. */
  readonly from: number;
  readonly to: number;
}

/** visible returns the rows to draw for a scroll position; extra are drawn on both sides. */
export function visible(
  scroll: number,
  height: number,
  rowHeight: number,
  first: number,
  length: number,
  extra = 8,
): Viewport {
  const top = Math.floor(Math.max(scroll, 0) / rowHeight);
  const shown = Math.ceil(height / rowHeight);
  const from = Math.min(Math.max(top - extra, 0), length);
  const to = Math.min(top + shown + extra, length);
  return { from: first + from, to: first + Math.max(to, from) };
}

/** atEnd says whether the last row is in sight: then the list follows what comes. */
export function atEnd(scroll: number, height: number, content: number, rowHeight: number): boolean {
  return scroll + height >= content - rowHeight / 2;
}

/** reveal returns the scroll position nearest to the present one that shows row i whole. */
export function reveal(scroll: number, height: number, rowHeight: number, i: number): number {
  const top = i * rowHeight;
  if (top < scroll) return top;
  if (top + rowHeight > scroll + height) return top + rowHeight - height;
  return scroll;
}

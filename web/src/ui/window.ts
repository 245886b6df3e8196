// A long list of rows of one height, of which only those in sight are in the document.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { atEnd, reveal, type Viewport, visible } from "../core/viewport";

export interface Listed {
  /** Absolute number of the first row, and how many there are. */
  readonly first: number;
  readonly length: number;
  /** Pixels. */
  readonly rowHeight: number;
  /** The end stays in sight. */
  readonly follow: boolean;
  /** The person has scrolled: to the end, or away from it. */
  readonly onFollow: (follow: boolean) => void;
  /** Absolute number of a row that is to be in sight when it changes. */
  readonly shown?: number | undefined;
  /** Rows drawn on both sides of those in sight. */
  readonly extra?: number;
}

export interface Window {
  readonly box: { current: HTMLDivElement | null };
  /** Of the box, in pixels. */
  readonly height: number;
  readonly width: number;
  /** The rows to draw, and how far down they begin. */
  readonly seen: Viewport;
  readonly top: number;
  /** Of all rows together. */
  readonly whole: number;
  readonly onScroll: () => void;
}

/** useWindow keeps what is in sight in its place while rows come at the end and go at the beginning. */
export function useWindow(list: Listed): Window {
  const { first, length, rowHeight, follow, shown } = list;
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const [size, setSize] = useState({ height: 400, width: 600 });
  const before = useRef(first);
  const placed = useRef(0);

  // The box may come later than the list, which is empty at first.
  const [el, setBox] = useState<HTMLDivElement | null>(null);
  useLayoutEffect(() => setBox(box.current));
  useEffect(() => {
    if (el === null) return;
    const watch = new ResizeObserver(() => setSize({ height: el.clientHeight, width: el.clientWidth }));
    watch.observe(el);
    return () => watch.disconnect();
  }, [el]);

  const place = (el: HTMLElement, to: number): void => {
    el.scrollTop = to;
    placed.current = el.scrollTop;
    setScroll(el.scrollTop);
  };

  // Following: the end stays in sight. Not following: what is in sight stays where it
  // is, also when rows before it are let go.
  useLayoutEffect(() => {
    const el = box.current;
    if (el === null) return;
    const gone = first - before.current;
    before.current = first;
    if (follow) place(el, el.scrollHeight - el.clientHeight);
    else if (gone !== 0) place(el, el.scrollTop - gone * rowHeight);
  }, [first, length, follow, size.height, size.width]);

  useLayoutEffect(() => {
    const el = box.current;
    if (el === null || shown === undefined) return;
    place(el, reveal(el.scrollTop, el.clientHeight, rowHeight, shown - first));
  }, [shown]);

  const onScroll = (): void => {
    const el = box.current;
    if (el === null) return;
    setScroll(el.scrollTop);
    const mine = Math.abs(el.scrollTop - placed.current) < 1;
    placed.current = el.scrollTop;
    if (!mine) list.onFollow(atEnd(el.scrollTop, el.clientHeight, el.scrollHeight, rowHeight));
  };

  // Of a list that follows the end is drawn, also before the box has been scrolled there.
  const whole = length * rowHeight;
  const from = follow ? Math.max(0, whole - size.height) : scroll;
  const seen = visible(from, size.height, rowHeight, first, length, list.extra);
  return { box, ...size, seen, top: (seen.from - first) * rowHeight, whole, onScroll };
}

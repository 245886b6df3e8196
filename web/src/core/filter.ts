// Which rows of the time line are shown: by what they are, by words in them, and by what a display filter
// says of their frames.
import type { MatchFrame } from "../protocol/types";
import { dataOf, headOf, linkOf, type Row, rowText } from "./row";

/** What most rows are. What people did, what began, ended, was checked or is missing is none of these: it stays. */
export type Sort = "frames" | "calls" | "output" | "kernel";
export const SORTS: readonly Sort[] = ["frames", "calls", "output", "kernel"];

export interface Filter {
  /** Sorts that are not shown. */
  readonly hidden: ReadonlySet<Sort>;
  /** Words that a row must have, all of them. */
  readonly text: string;
  /** What the server said of frames, where there is a display filter. */
  readonly display: Verdicts | undefined;
}

export const everything: Filter = { hidden: new Set(), text: "", display: undefined };

/** Verdicts are what the server said: which rows' frames a display filter chooses. */
export class Verdicts {
  readonly filter: string;
  private readonly said = new WeakMap<Row, boolean>();

  constructor(filter: string) {
    this.filter = filter;
  }

  /** of says whether a row is shown, undefined where the server has not been asked. */
  of(row: Row): boolean | undefined {
    if (row.kind === "missed") return true;
    // There may be some among them.
    if (row.kind === "left") return sortOf(row) === "frames" || row.of === "call";
    return linkOf(row) === undefined ? false : this.said.get(row);
  }

  /** say takes the server's answer about some rows, and returns how many it was about. */
  say(rows: readonly Row[], matched: string): number {
    const n = Math.min(rows.length, matched.length);
    rows.slice(0, n).forEach((row, i) => {
      this.said.set(row, matched[i] === "1");
    });
    return n;
  }
}

/** frameFor is what the server is asked about a row, undefined where there is nothing to ask. */
export function frameFor(row: Row): MatchFrame | undefined {
  const link = linkOf(row);
  if (link === undefined) return undefined;
  const head = headOf(row);
  const size = "size" in row ? Math.max(0, row.size - head) : 0;
  const port = "port" in row ? row.port : "";
  return { link, hex: dataOf(row).slice(2 * head), size, at: row.at, port };
}

/** isAll says whether a filter lets every row through. */
export function isAll(f: Filter): boolean {
  return f.hidden.size === 0 && f.text.trim() === "" && f.display === undefined;
}

/** toggled hides a sort, or shows it again. */
export function toggled(f: Filter, sort: Sort): Filter {
  const hidden = new Set(f.hidden);
  if (!hidden.delete(sort)) hidden.add(sort);
  return { ...f, hidden };
}

export function sortOf(row: Row): Sort | undefined {
  return sortOfKind(row.kind === "left" ? row.of : row.kind);
}

function sortOfKind(kind: string): Sort | undefined {
  switch (kind) {
    case "frame":
    case "drop":
      return "frames";
    case "call":
    case "signal":
      return "calls";
    case "console":
      return "output";
    case "log":
    case "panic":
    case "iface":
    case "learn":
    case "forget":
    case "tree":
      return "kernel";
    default:
      return undefined;
  }
}

/** passes makes of a filter a function that says whether a row is shown; undefined is not known yet. */
export function passes(f: Filter): (row: Row) => boolean | undefined {
  const words = f.text
    .toLowerCase()
    .split(/\s+/)
    .filter((w) => w !== "");
  return (row) => {
    const sort = sortOf(row);
    if (sort !== undefined && f.hidden.has(sort)) return false;
    if (words.length > 0) {
      const t = rowText(row);
      const said = `${t.who} ${t.what} ${t.more} ${t.error}`.toLowerCase();
      if (!words.every((w) => said.includes(w))) return false;
    }
    return f.display === undefined || f.display.of(row);
  };
}

// Which rows of the time line are shown: by what they are, and by words in them.
import { type Row, rowText } from "./row";

/** What most rows are. What people did, what began, ended, was checked or is missing is none of these: it stays. */
export type Sort = "frames" | "calls" | "output" | "kernel";
export const SORTS: readonly Sort[] = ["frames", "calls", "output", "kernel"];

export interface Filter {
  /** Sorts that are not shown. */
  readonly hidden: ReadonlySet<Sort>;
  /** Words that a row must have, all of them. */
  readonly text: string;
}

export const everything: Filter = { hidden: new Set(), text: "" };

/** isAll says whether a filter lets every row through. */
export function isAll(f: Filter): boolean {
  return f.hidden.size === 0 && f.text.trim() === "";
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

/** passes makes of a filter a function that says whether a row is shown. */
export function passes(f: Filter): (row: Row) => boolean {
  const words = f.text
    .toLowerCase()
    .split(/\s+/)
    .filter((w) => w !== "");
  return (row) => {
    const sort = sortOf(row);
    if (sort !== undefined && f.hidden.has(sort)) return false;
    if (words.length === 0) return true;
    const t = rowText(row);
    const said = `${t.who} ${t.what} ${t.more} ${t.error}`.toLowerCase();
    return words.every((w) => said.includes(w));
  };
}

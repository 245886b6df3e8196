// The gradebook's rows: in which order, and which of them.
import type { BookRow } from "../../protocol/class/types";

export const COLUMNS = ["name", "section", "at", "late", "auto", "final"] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  readonly by: Column;
  readonly down: boolean;
}

/** What rows are shown. */
export interface Wanted {
  /** Words of which each is in the name or the section. */
  readonly words: string;
  /** Only those that somebody has to look at. */
  readonly only: "all" | "missing" | "late" | "marked" | "refused";
}

/** shown are the rows that are wanted, in order. What a row has nothing of comes last either way. */
export function shown(rows: readonly BookRow[], order: Order, wanted: Wanted): readonly BookRow[] {
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (r: BookRow): boolean =>
    words.every((w) => `${r.name} ${r.section}`.toLowerCase().includes(w)) && passes(r, wanted.only);
  const key = (r: BookRow): number | string | undefined => {
    switch (order.by) {
      case "name":
        return r.name;
      case "section":
        return r.section === "" ? undefined : r.section;
      case "at":
        return r.at === 0 ? undefined : r.at;
      case "late":
        return r.lateby === 0 ? undefined : r.lateby;
      case "auto":
        return r.auto;
      case "final":
        return r.final;
      default:
        return order.by satisfies never;
    }
  };
  const names = new Intl.Collator("en", { numeric: true });
  return rows.filter(fits).sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === undefined || y === undefined) {
      if (x !== y) return x === undefined ? 1 : -1;
      return names.compare(a.name, b.name);
    }
    const by = typeof x === "string" && typeof y === "string" ? names.compare(x, y) : Number(x) - Number(y);
    return (order.down ? -by : by) || names.compare(a.name, b.name);
  });
}

function passes(r: BookRow, only: Wanted["only"]): boolean {
  switch (only) {
    case "all":
      return true;
    case "missing":
      return r.active && r.handins === 0 && r.mark?.excused !== true;
    case "late":
      return r.late;
    case "marked":
      return r.mark !== undefined;
    case "refused":
      return r.sync === "refused";
    default:
      return only satisfies never;
  }
}

/** summary is a book in a sentence. */
export function summary(rows: readonly BookRow[]): string {
  const of = rows.filter((r) => r.active);
  const handed = of.filter((r) => r.handins > 0).length;
  const late = of.filter((r) => r.late).length;
  const finals = of.flatMap((r) => (r.final === undefined ? [] : [r.final])).sort((a, b) => a - b);
  const middle = finals[Math.floor((finals.length - 1) / 2)];
  const said = [`${handed} of ${of.length} handed in`];
  if (late > 0) said.push(`${late} late`);
  if (middle !== undefined) said.push(`median ${Math.round(middle * 100) / 100} points`);
  return said.join(", ");
}

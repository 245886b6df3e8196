// How the bench is divided: the share that a part has of its row, or a row of the bench.
// What is left of a row is the last part's.

/** Each is a border that can be moved, called as what is before it. */
export type Split = "scenario" | "topology" | "upper" | "drawer";

export type Layout = { readonly [s in Split]: number };

export const ARRANGED: Layout = { scenario: 0.25, topology: 0.4, upper: 0.57, drawer: 0.5 };

/** The smallest and the greatest share that a part may have: each border can be found again. */
export const LIMITS: { readonly [s in Split]: readonly [number, number] } = {
  scenario: [0.12, 0.6],
  topology: [0.12, 0.88],
  upper: [0.12, 0.88],
  drawer: [0.12, 0.88],
};

/** moved is the layout with a border elsewhere, as far as it may go. */
export function moved(l: Layout, s: Split, to: number): Layout {
  const [least, greatest] = LIMITS[s];
  const share = Math.min(Math.max(to, least), greatest);
  return share === l[s] || Number.isNaN(share) ? l : { ...l, [s]: share };
}

/** readLayout reads what was kept; what makes no sense is as it was arranged. */
export function readLayout(text: string | undefined): Layout {
  let raw: unknown;
  try {
    raw = JSON.parse(text ?? "");
  } catch {
    return ARRANGED;
  }
  if (typeof raw !== "object" || raw === null) return ARRANGED;
  let l = ARRANGED;
  for (const s of ["scenario", "topology", "upper", "drawer"] as const) {
    const share: unknown = Reflect.get(raw, s);
    if (typeof share === "number") l = moved(l, s, share);
  }
  return l;
}

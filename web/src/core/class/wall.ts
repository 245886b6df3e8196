// The wall: a card a bench, as the server says it, who needs help first.
import type { WallCard, WallChange, WallMessage } from "../../protocol/class/types";
import { MINUTE } from "./when";

export type Cards = ReadonlyMap<string, WallCard>;

/** told is the wall after a message. */
export function told(cards: Cards, m: WallMessage): Cards {
  switch (m.kind) {
    case "wall":
      return new Map(m.cards.map((c) => [c.lab, c]));
    case "cards": {
      const out = new Map(cards);
      for (const lab of m.gone) out.delete(lab);
      for (const c of m.new) out.set(c.lab, c);
      for (const c of m.cards) {
        const had = out.get(c.lab);
        if (had !== undefined) out.set(c.lab, changed(had, c));
      }
      return out;
    }
    default:
      return m satisfies never;
  }
}

function changed(card: WallCard, by: WallChange): WallCard {
  const said = Object.entries(by).filter(([, v]) => v !== undefined);
  return { ...card, ...(Object.fromEntries(said) as Partial<WallCard>) };
}

/** Who has made no progress for so long is stuck. */
export const STUCK = 5 * MINUTE;

/** need is why a card comes before others: the smaller the sooner. */
export function need(c: WallCard, now: number): Need {
  if (c.hand !== "") return "hand";
  if (c.help === "accepted" || c.help === "asked") return "helped";
  if (done(c)) return "done";
  if (c.parked || !c.here) return "away";
  return c.since > 0 && now - c.since >= STUCK ? "stuck" : "works";
}

export type Need = "hand" | "helped" | "stuck" | "works" | "done" | "away";
const ORDER: readonly Need[] = ["hand", "helped", "stuck", "works", "done", "away"];

/** done says that nothing is missing. */
export function done(c: WallCard): boolean {
  return c.of > 0 && c.passed >= c.of;
}

/** sorted puts who needs help first: hands by when they were raised, the stuck by how long they are, others by name. */
export function sorted(cards: Cards, now: number): readonly WallCard[] {
  const at = (c: WallCard): number => (c.hand !== "" ? c.handat : need(c, now) === "stuck" ? c.since : 0);
  const place = (c: WallCard): number => ORDER.indexOf(need(c, now));
  return [...cards.values()].sort(
    (a, b) => place(a) - place(b) || at(a) - at(b) || a.name.localeCompare(b.name) || a.lab.localeCompare(b.lab),
  );
}

/** counted says how many need what. */
export function counted(cards: Cards, now: number): { readonly [need in Need]: number } {
  const out = { hand: 0, helped: 0, stuck: 0, works: 0, done: 0, away: 0 };
  for (const c of cards.values()) out[need(c, now)]++;
  return out;
}

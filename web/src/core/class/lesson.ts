// Where a student is with a lesson, in a word and a tone.
import type { Lesson } from "../../protocol/class/types";
import { DAY, HOUR, lasts } from "./when";

export type Tone = "plain" | "good" | "warn" | "bad";

export interface Standing {
  readonly word: string;
  readonly tone: Tone;
}

/** points writes points as people do: "7.5", "24". */
export function points(n: number): string {
  return String(Math.round(n * 100) / 100);
}

/** standing is where a student is with a lesson. */
export function standing(l: Lesson, now: number): Standing {
  const m = l.mine;
  if (m?.excused === true) return { word: "excused", tone: "plain" };
  if (m?.grading === true) return { word: "being graded", tone: "plain" };
  if (m?.points !== undefined) {
    const said = `${points(m.points)} of ${points(l.points)} points`;
    if (m.late) return { word: `${said}, late`, tone: "warn" };
    return { word: said, tone: l.points > 0 && m.points >= l.points ? "good" : "plain" };
  }
  if ((m?.handins ?? 0) > 0) return { word: m?.late === true ? "handed in late" : "handed in", tone: "good" };
  if (l.opens > now) return { word: "not open yet", tone: "plain" };
  if (locked(l, now)) return { word: "locked, nothing handed in", tone: "bad" };
  if (dueOf(l) > 0 && dueOf(l) <= now) return { word: "past due, nothing handed in", tone: "bad" };
  return m?.begun === true ? { word: "begun", tone: "plain" } : { word: "not begun", tone: "plain" };
}

/** asTaught are scenarios as a class goes through them: the course in its order, then the others as they come. */
export function asTaught<T extends { readonly course: number }>(all: readonly T[]): readonly T[] {
  const place = (s: T): number => (s.course > 0 ? s.course : Number.POSITIVE_INFINITY);
  return all.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

/** dueOf is when a lesson is due for who asks: with their extension. */
export function dueOf(l: Lesson): number {
  return l.mine !== undefined ? l.mine.due : l.due;
}

function locksOf(l: Lesson): number {
  return l.mine !== undefined ? l.mine.locks : l.locks;
}

/** locked says that nothing is taken any more. */
export function locked(l: Lesson, now: number): boolean {
  return locksOf(l) > 0 && locksOf(l) <= now;
}

/** countdown says how far a due date is away. */
export function countdown(l: Lesson, now: number): Standing {
  const due = dueOf(l);
  if (due === 0) return { word: "", tone: "plain" };
  const handed = (l.mine?.handins ?? 0) > 0;
  if (due > now) {
    const left = due - now;
    return { word: `${lasts(left)} left`, tone: handed || left > DAY ? "plain" : left > HOUR ? "warn" : "bad" };
  }
  if (locked(l, now)) return { word: "locked", tone: "plain" };
  return { word: `due ${lasts(now - due)} ago`, tone: handed ? "plain" : "bad" };
}

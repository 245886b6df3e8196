// What the server offers: the labs of the course in their order, then the others.

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Its position in the course, from 1; 0 where it is not part of it. */
  readonly course: number;
  /** What it is about, a sentence; "" where nobody says. */
  readonly goal: string;
  /** Its programs are one's own to write: there is a starter, and a lab of it begins without them. */
  readonly exercise: boolean;
  /** A lab of it may begin with a solution. */
  readonly solved: boolean;
  /** One's work can be checked. */
  readonly checked: boolean;
  /** The page begins with it. */
  readonly opens: boolean;
}

/** readScenarios reads the server's list and puts it in order; what makes no sense is left out. */
export function readScenarios(raw: unknown): readonly Scenario[] {
  if (!Array.isArray(raw)) return [];
  const list: Scenario[] = [];
  for (const x of raw as readonly unknown[]) {
    if (typeof x !== "object" || x === null) continue;
    const text = (key: string): string => {
      const v: unknown = Reflect.get(x, key);
      return typeof v === "string" ? v : "";
    };
    const name = text("name");
    if (name === "") continue;
    const course: unknown = Reflect.get(x, "course");
    list.push({
      name,
      title: text("title") || name,
      course: typeof course === "number" ? course : 0,
      goal: text("goal"),
      exercise: Reflect.get(x, "exercise") === true,
      solved: Reflect.get(x, "solved") === true,
      checked: Reflect.get(x, "checked") === true,
      opens: Reflect.get(x, "opens") === true,
    });
  }
  const place = (s: Scenario): number => (s.course === 0 ? Number.POSITIVE_INFINITY : s.course);
  return list.sort((a, b) => (place(a) === place(b) ? a.name.localeCompare(b.name, "en") : place(a) - place(b)));
}

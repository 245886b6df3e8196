// What the server offers: the labs of the course in their order, then the others.

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Its position in the course, from 1; 0 where it is not part of it. */
  readonly course: number;
}

/** readScenarios reads the server's list and puts it in order; what makes no sense is left out. */
export function readScenarios(raw: unknown): readonly Scenario[] {
  if (!Array.isArray(raw)) return [];
  const list: Scenario[] = [];
  for (const x of raw as readonly unknown[]) {
    if (typeof x !== "object" || x === null || !("name" in x) || typeof x.name !== "string") continue;
    const title = "title" in x && typeof x.title === "string" ? x.title : "";
    const course = "course" in x && typeof x.course === "number" ? x.course : 0;
    list.push({ name: x.name, title: title === "" ? x.name : title, course });
  }
  const place = (s: Scenario): number => (s.course === 0 ? Number.POSITIVE_INFINITY : s.course);
  return list.sort((a, b) => (place(a) === place(b) ? a.name.localeCompare(b.name, "en") : place(a) - place(b)));
}

// What a check of one's work found: the report that labserver makes for a student.

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly hint: string;
  readonly points: number;
  readonly earned: number;
  readonly status: "passed" | "failed" | "skipped" | "error";
  readonly expected: string;
  readonly actual: string;
  /** The expectation beside the frame that came nearest. */
  readonly diff: readonly {
    readonly field: string;
    readonly want: string;
    readonly got: string;
    readonly same: boolean;
  }[];
  readonly log: readonly string[];
}

export interface Checked {
  readonly checks: readonly Check[];
  readonly notes: readonly string[];
  /** More is checked that is not seen now, so that there is no total. */
  readonly hidden: boolean;
  /** The lab began with what was checked: it is nobody's own work. */
  readonly solution: boolean;
}

/** Of a report's lists so many are read. */
const MOST = 512;

/** readChecked reads a report; undefined if it is none. */
export function readChecked(raw: unknown): Checked | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const checks: unknown = Reflect.get(raw, "checks") ?? [];
  if (!Array.isArray(checks)) return undefined;
  return {
    checks: checks.slice(0, MOST).flatMap(readCheck),
    notes: texts(Reflect.get(raw, "notes")),
    hidden: Reflect.get(raw, "hidden") === true,
    solution: Reflect.get(raw, "solution") === true,
  };
}

function readCheck(raw: unknown): readonly Check[] {
  if (typeof raw !== "object" || raw === null) return [];
  const text = (key: string): string => textOf(Reflect.get(raw, key));
  const number = (key: string): number => {
    const v: unknown = Reflect.get(raw, key);
    return typeof v === "number" ? v : 0;
  };
  const status = text("status");
  const diff: unknown = Reflect.get(raw, "diff");
  return [
    {
      id: text("id"),
      title: text("title") || text("id"),
      why: text("why"),
      hint: text("hint"),
      points: number("points"),
      earned: number("earned"),
      status: status === "passed" || status === "failed" || status === "skipped" ? status : "error",
      expected: text("expected"),
      actual: text("actual"),
      diff: (Array.isArray(diff) ? diff : []).slice(0, MOST).flatMap((d: unknown) =>
        typeof d === "object" && d !== null
          ? [
              {
                field: textOf(Reflect.get(d, "field")),
                want: textOf(Reflect.get(d, "want")),
                got: textOf(Reflect.get(d, "got")),
                same: Reflect.get(d, "same") === true,
              },
            ]
          : [],
      ),
      log: texts(Reflect.get(raw, "log")),
    },
  ];
}

function textOf(v: unknown): string {
  return typeof v === "string" ? v : "";
}

function texts(v: unknown): readonly string[] {
  return Array.isArray(v) ? v.slice(0, MOST).filter((x) => typeof x === "string") : [];
}

/** outcome is what came of it, in a sentence or two. */
export function outcome(c: Checked): string {
  const passed = c.checks.filter((x) => x.status === "passed").length;
  const points = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0);
  const earned = points(c.checks.map((x) => x.earned));
  const of = points(c.checks.map((x) => x.points));
  const said = `${passed} of ${c.checks.length} checks passed`;
  const whose = c.solution ? " That is what the lab began with, not your work." : "";
  return c.hidden
    ? `${said} so far. More is checked, and the total comes later.${whose}`
    : `${said}: ${earned} of ${of} points.${whose}`;
}

/** passedAll says that nothing that is seen is missing of one's own work. */
export function passedAll(c: Checked): boolean {
  return !c.solution && c.checks.length > 0 && c.checks.every((x) => x.status === "passed");
}

// Dates of a class: in its zone, and how far they are away. Times are Unix milliseconds.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** dateIn is a date as people of a class write it: "Fri 4 Dec, 23:59 CET"; the year where it is another than that of now. */
export function dateIn(at: number, zone: string, now: number): string {
  const [then, today] = parts(zone, at, now);
  return `${written(then, today)} ${then?.timeZoneName ?? zone}`;
}

/** timeIn is a date where the zone is said elsewhere: in a table. */
export function timeIn(at: number, zone: string, now: number): string {
  const [then, today] = parts(zone, at, now);
  return written(then, today);
}

type Parts = { readonly [type: string]: string };

function written(then: Parts | undefined, today: Parts | undefined): string {
  if (then === undefined) return "";
  const year = then.year === today?.year ? "" : ` ${then.year}`;
  return `${then.weekday} ${then.day} ${then.month}${year}, ${then.hour}:${then.minute}`;
}

/** parts takes times apart, by one formatter: it costs more than all that it does. */
function parts(zone: string, ...times: readonly number[]): readonly Parts[] {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: known(zone),
    hourCycle: "h23",
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });
  return times.map((t) => Object.fromEntries(format.formatToParts(t).map((p) => [p.type, p.value])));
}

/** clockIn is the time of a day, with seconds: of a receipt. */
export function clockIn(at: number, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: known(zone), timeStyle: "medium" }).format(at);
}

/** known is a zone that this browser knows; of another the dates are those of UTC, and say so. */
function known(zone: string): string {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    return zone;
  } catch {
    return "UTC";
  }
}

/** lasts is a length of time in its largest units: "2 days", "3 h 12 min", "40 s". */
export function lasts(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) {
    const min = Math.floor((ms % HOUR) / MINUTE);
    return `${Math.floor(ms / HOUR)} h${min === 0 ? "" : ` ${min} min`}`;
  }
  const days = Math.floor(ms / DAY);
  if (days >= 7) return `${days} days`;
  const h = Math.floor((ms % DAY) / HOUR);
  return `${days} ${days === 1 ? "day" : "days"}${h === 0 ? "" : ` ${h} h`}`;
}

/** ago says how long ago something was. */
export function ago(at: number, now: number): string {
  return now - at < 10_000 ? "just now" : `${lasts(now - at)} ago`;
}

/** forInput is what an input of the type datetime-local has for a time. */
export function forInput(at: number, zone: string): string {
  if (at === 0) return "";
  const p = fields(at, zone);
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}

/** fromInput reads what such an input has: 0 for nothing. In the hour that there is twice it is the first one. */
export function fromInput(text: string, zone: string): number {
  const m = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text);
  if (m === null) return 0;
  const [year, month, day, hour, minute] = m.slice(1).map(Number) as [number, number, number, number, number];
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  // What the zone is away from UTC depends on the time that is looked for: on either side of a change of the clocks.
  const guesses = [wall - away(wall - DAY, zone), wall - away(wall + DAY, zone)];
  return guesses.find((g) => forInput(g, zone) === text.slice(0, 16)) ?? guesses[0] ?? wall;
}

/** weeksLater is the same time of the day by the zone's clocks, that many weeks later: as a class is copied. */
export function weeksLater(at: number, weeks: number, zone: string): number {
  const day = new Date(`${forInput(at, zone)}Z`);
  day.setUTCDate(day.getUTCDate() + 7 * weeks);
  return fromInput(day.toISOString(), zone);
}

/** away is by how much a zone's clocks are ahead of UTC at a time. */
function away(at: number, zone: string): number {
  const p = fields(at, zone);
  const wall = Date.UTC(+p.year, +p.month - 1, +p.day, +p.hour, +p.minute);
  return wall - Math.floor(at / MINUTE) * MINUTE;
}

function fields(at: number, zone: string) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: known(zone),
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const of = (type: string): string => parts.find((p) => p.type === type)?.value ?? "00";
  return { year: of("year"), month: of("month"), day: of("day"), hour: of("hour"), minute: of("minute") };
}

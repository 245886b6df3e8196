// Numbers as a person reads them: grouped, with their unit.

const GROUP = "\u202f"; // narrow no-break space, as in "12.004 318"

/** grouped writes an integer with thousands apart: 4,112. */
export function grouped(n: number): string {
  return Math.trunc(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** seconds writes virtual nanoseconds as seconds to the microsecond: 12.004 318. */
export function seconds(ns: number): string {
  const us = Math.floor(ns / 1000);
  const frac = (us % 1_000_000).toString().padStart(6, "0");
  return `${grouped(us / 1_000_000)}.${frac.slice(0, 3)}${GROUP}${frac.slice(3)}`;
}

/** exactSeconds is seconds to the nanosecond, for the detail pane. */
export function exactSeconds(ns: number): string {
  return `${seconds(ns)}${GROUP}${Math.trunc(ns % 1000)
    .toString()
    .padStart(3, "0")}`;
}

/** span writes a length of time with the unit that suits it: 1 ms, 994.3 ms, 2.5 s. */
export function span(ns: number): string {
  if (ns < 1000) return `${Math.trunc(ns)} ns`;
  // What would be rounded up to a thousand has the next unit.
  if (ns < 999_500) return `${short(ns / 1000)} µs`;
  if (ns < 999_500_000) return `${short(ns / 1_000_000)} ms`;
  return `${short(ns / 1_000_000_000)} s`;
}

/** bytes writes a size: 98 bytes, 3.1 MB. */
export function bytes(n: number): string {
  if (n === 1) return "1 byte";
  if (n < 1000) return `${n} bytes`;
  if (n < 1_000_000) return `${short(n / 1000)} kB`;
  if (n < 1_000_000_000) return `${short(n / 1_000_000)} MB`;
  return `${short(n / 1_000_000_000)} GB`;
}

/** percent writes a share; what is not nothing is never shown as nothing. */
export function percent(share: number): string {
  const p = Math.min(Math.max(share, 0), 1) * 100;
  if (p > 0 && p < 1) return "< 1 %";
  // A program that leaves the CPU a little is not shown as having all of it.
  return `${p < 100 && p > 99 ? 99 : Math.round(p)} %`;
}

/** count writes a number with its noun: 1 row, 3 rows. */
export function count(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`;
}

function short(n: number): string {
  return (n >= 100 ? n.toFixed(0) : n.toFixed(1)).replace(/\.0$/, "");
}

/** capital makes a sentence of what begins in small letters. */
export function capital(s: string): string {
  return s.slice(0, 1).toUpperCase() + s.slice(1);
}

/** Of a command line so many characters are shown where there is little room. */
const LINE = 60;

/** commandLine writes a command line, or its beginning, and how many arguments there are. */
export function commandLine(argv: readonly string[]): string {
  const line = argv.join(" ");
  if (line.length <= LINE) return line;
  const more = argv.slice(1);
  return `${argv[0] ?? ""} ${(more[0] ?? "").slice(0, LINE / 2)}… (${count(more.length, "argument")})`;
}

/** arrow writes a point-to-point address for people: 10.8.0.1 → 10.8.0.2. */
export function arrow(address: string): string {
  return address.replace(" --> ", " → ");
}

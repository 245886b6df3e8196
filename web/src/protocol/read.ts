// What a JSON value has, of the type that is wanted: the guards are made of these. What
// is wrong throws Malformed, which says what and where in a sentence.

/** What is wrong with a message, and where in it. attempt makes a value of it. */
class Malformed extends Error {}

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

export type Dict = { readonly [key: string]: unknown };

/** A path that is longer than any of ours: what is nested without end may not exhaust the stack. */
const MAX_PATH = 200;

/** attempt gives what f reads, or what was wrong. */
export function attempt<T>(f: () => T): Decoded<T> {
  try {
    return { ok: true, value: f() };
  } catch (e) {
    if (e instanceof Malformed) return { ok: false, error: e.message };
    throw e;
  }
}

export function wrong(why: string): never {
  throw new Malformed(why);
}

export function unknownKind(at: string, kind: string): never {
  return wrong(`${at} of unknown type "${kind}"`);
}

export function dict(raw: unknown, at: string): Dict {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) wrong(`${at} is ${show(raw)}, not an object`);
  if (at.length > MAX_PATH) wrong(`${at.slice(0, 40)}… is nested deeper than anything that there is`);
  return raw as Dict;
}

type Item<T> = (raw: unknown, at: string) => T;

export function one<T>(o: Dict, key: string, at: string, read: Item<T>): T {
  return read(o[key], `${at}.${key}`);
}

export function optOne<T>(o: Dict, key: string, at: string, read: Item<T>): T | undefined {
  return isAbsent(o[key]) ? undefined : one(o, key, at, read);
}

/** An absent list is an empty one: Go writes an empty slice as null. */
export function list<T>(o: Dict, key: string, at: string, read: Item<T>): readonly T[] {
  return optList(o, key, at, read) ?? [];
}

export function optList<T>(o: Dict, key: string, at: string, read: Item<T>): readonly T[] | undefined {
  const raw = o[key];
  if (isAbsent(raw)) return undefined;
  const where = `${at}.${key}`;
  if (!Array.isArray(raw)) return wrong(`${where} is ${show(raw)}, not a list`);
  return raw.map((r: unknown, i) => read(r, `${where}[${i}]`));
}

export function numbers(o: Dict, key: string, at: string): { readonly [name: string]: number } {
  const where = `${at}.${key}`;
  const raw = dict(o[key], where);
  for (const name of Object.keys(raw)) num(raw, name, where);
  return raw as { readonly [name: string]: number };
}

export function text(raw: unknown, at: string): string {
  return typeof raw === "string" ? raw : wrong(`${at} is ${show(raw)}, not a text`);
}

export function str(o: Dict, key: string, at: string): string {
  const v = o[key];
  return typeof v === "string" ? v : text(v, `${at}.${key}`);
}

export function optStr(o: Dict, key: string, at: string): string {
  return isAbsent(o[key]) ? "" : str(o, key, at);
}

export function num(o: Dict, key: string, at: string): number {
  const v = o[key];
  if (typeof v === "number" && Number.isFinite(v)) return v;
  return wrong(`${at}.${key} is ${show(v)}, not a number`);
}

export function optNum(o: Dict, key: string, at: string): number {
  return isAbsent(o[key]) ? 0 : num(o, key, at);
}

/** maybeNum is for a number where zero is not the same as none. */
export function maybeNum(o: Dict, key: string, at: string): number | undefined {
  return isAbsent(o[key]) ? undefined : num(o, key, at);
}

export function bool(o: Dict, key: string, at: string): boolean {
  const v = o[key];
  return typeof v === "boolean" ? v : wrong(`${at}.${key} is ${show(v)}, not true or false`);
}

export function optHex(o: Dict, key: string, at: string): string {
  const v = optStr(o, key, at);
  return v.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(v) ? v : wrong(`${at}.${key} is not hex`);
}

export function oneOf<T extends string | number>(o: Dict, key: string, at: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === o[key]);
  return found ?? wrong(`${at}.${key} is ${show(o[key])}, not one of ${allowed.join(", ")}`);
}

export function optOneOf<T extends string | number>(
  o: Dict,
  key: string,
  at: string,
  allowed: readonly T[],
): T | undefined {
  return isAbsent(o[key]) ? undefined : oneOf(o, key, at, allowed);
}

function isAbsent(raw: unknown): raw is undefined | null {
  return raw === undefined || raw === null;
}

function show(raw: unknown): string {
  if (raw === undefined) return "missing";
  const s = JSON.stringify(raw) ?? String(raw);
  return s.length > 40 ? `${s.slice(0, 40)}…` : s;
}

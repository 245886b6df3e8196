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

export function dict(raw: unknown, at: string): Dict {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) wrong(`${at} is ${show(raw)}, not an object`);
  if (at.length > MAX_PATH) wrong(`${at.slice(0, 40)}… is nested deeper than anything that there is`);
  return raw as Dict;
}

/** Reads a whole value; at says where it is. */
export type Item<T> = (raw: unknown, at: string) => T;

/** Reads a member of an object. */
type Member<T> = (o: Dict, key: string, at: string) => T;

/** object reads an object, member by member. */
export function object<T>(shape: { readonly [K in keyof T]: Member<T[K]> }): Item<T> {
  const members = Object.entries(shape) as readonly (readonly [string, Member<unknown>])[];
  return (raw, at) => {
    const o = dict(raw, at);
    const out: { [key: string]: unknown } = {};
    for (const [key, read] of members) out[key] = read(o, key, at);
    return out as T;
  };
}

/** variants reads an object of which one member says what it is. A message is the whole: its kind says where. */
export function variants<T>(
  member: string,
  kinds: { readonly [kind: string]: Item<T> },
  other: (raw: unknown, at: string, kind: string) => T,
): Item<T> {
  return (raw, at) => {
    const o = dict(raw, at);
    const kind = str(o, member, at);
    const read = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    return read === undefined ? other(o, at, kind) : read(o, at === "message" ? kind : at);
  };
}

export function unknownKind(_: unknown, at: string, kind: string): never {
  return wrong(`${at} of unknown type "${kind}"`);
}

/** as reads a member that has another name in JSON. */
export function as<T>(wire: string, read: Member<T>): Member<T> {
  return (o, _, at) => read(o, wire, at);
}

/** is is what the kind has told already. */
export function is<T extends string>(kind: T): Member<T> {
  return () => kind;
}

export function whatever(o: Dict, key: string): unknown {
  return o[key];
}

export function one<T>(item: () => Item<T>): Member<T> {
  return (o, key, at) => item()(o[key], `${at}.${key}`);
}

export function optOne<T>(item: () => Item<T>): Member<T | undefined> {
  const read = one(item);
  return (o, key, at) => (isAbsent(o[key]) ? undefined : read(o, key, at));
}

/** An absent list is an empty one: Go writes an empty slice as null. */
export function list<T>(item: () => Item<T>): Member<readonly T[]> {
  const read = optList(item);
  return (o, key, at) => read(o, key, at) ?? [];
}

export function optList<T>(item: () => Item<T>): Member<readonly T[] | undefined> {
  return (o, key, at) => {
    const raw = o[key];
    if (isAbsent(raw)) return undefined;
    const where = `${at}.${key}`;
    if (!Array.isArray(raw)) return wrong(`${where} is ${show(raw)}, not a list`);
    const read = item();
    return raw.map((r: unknown, i) => read(r, `${where}[${i}]`));
  };
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

export function optBool(o: Dict, key: string, at: string): boolean {
  return isAbsent(o[key]) ? false : bool(o, key, at);
}

/** maybeBool is for a member where what is absent is not the same as false. */
export function maybeBool(o: Dict, key: string, at: string): boolean | undefined {
  return isAbsent(o[key]) ? undefined : bool(o, key, at);
}

/** maybeStr is for a text where an empty one is not the same as none. */
export function maybeStr(o: Dict, key: string, at: string): string | undefined {
  return isAbsent(o[key]) ? undefined : str(o, key, at);
}

export function optHex(o: Dict, key: string, at: string): string {
  const v = optStr(o, key, at);
  return v.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(v) ? v : wrong(`${at}.${key} is not hex`);
}

export function oneOf<T extends string | number>(allowed: readonly T[]): Member<T> {
  return (o, key, at) =>
    allowed.find((a) => a === o[key]) ?? wrong(`${at}.${key} is ${show(o[key])}, not one of ${allowed.join(", ")}`);
}

export function optOneOf<T extends string | number>(allowed: readonly T[]): Member<T | undefined> {
  const read = oneOf(allowed);
  return (o, key, at) => (isAbsent(o[key]) ? undefined : read(o, key, at));
}

function isAbsent(raw: unknown): raw is undefined | null {
  return raw === undefined || raw === null;
}

function show(raw: unknown): string {
  if (raw === undefined) return "missing";
  const s = JSON.stringify(raw) ?? String(raw);
  return s.length > 40 ? `${s.slice(0, 40)}…` : s;
}

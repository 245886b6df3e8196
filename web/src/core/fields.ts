// The decoded field tree as the list of lines that is seen, and its join with bytes.
import type { Field } from "../protocol/types";

export interface FieldLine {
  /** Place in the tree, as "0.2.1": stable for one decode. */
  readonly path: string;
  readonly depth: number;
  readonly field: Field;
  readonly open: boolean;
}

/** fieldLines flattens the tree; what is under a closed path is left out. */
export function fieldLines(fields: readonly Field[], closed: ReadonlySet<string>): readonly FieldLine[] {
  const out: FieldLine[] = [];
  const walk = (list: readonly Field[], prefix: string, depth: number): void => {
    list.forEach((field, i) => {
      const path = prefix === "" ? String(i) : `${prefix}.${i}`;
      const open = !closed.has(path);
      out.push({ path, depth, field, open });
      if (open) walk(field.fields, path, depth + 1);
    });
  };
  walk(fields, "", 0);
  return out;
}

/** fieldAt returns the path of the smallest field that covers a byte. */
export function fieldAt(fields: readonly Field[], off: number): string | undefined {
  let best: { readonly path: string; readonly len: number } | undefined;
  for (const { path, field } of fieldLines(fields, new Set())) {
    if (off < field.off || off >= field.off + field.len) continue;
    // Of equals the deeper one, which comes later.
    if (best === undefined || field.len <= best.len) best = { path, len: field.len };
  }
  return best?.path;
}

/** fieldByPath finds a field again. */
export function fieldByPath(fields: readonly Field[], path: string): Field | undefined {
  let list = fields;
  let found: Field | undefined;
  for (const i of path.split(".")) {
    found = list[Number(i)];
    if (found === undefined) return undefined;
    list = found.fields;
  }
  return found;
}

/** lifted are the fields of a packet behind by bytes of a tun's own, which become the first field. */
export function lifted(fields: readonly Field[], by: number, hex: string): readonly Field[] {
  const lift = (list: readonly Field[]): readonly Field[] =>
    list.map((f) => ({ ...f, off: f.off + by, fields: lift(f.fields) }));
  const family = Number.parseInt(by === 4 ? hex.slice(6, 8) : hex.slice(2, 4), 16);
  const name = family === 2 ? "AF_INET" : family >= 24 && family <= 30 ? "AF_INET6" : "";
  const head: Field = {
    name: by === 4 ? "tun.family" : "tun.address",
    label: by === 4 ? "Address family" : "Socket address",
    value: String(family),
    text: name,
    off: 0,
    len: by,
    bad: "",
    filter: "",
    fields: [],
  };
  return [head, ...lift(fields)];
}

/** parents lists the paths above one: what must be open for it to be seen. */
export function parents(path: string): readonly string[] {
  const parts = path.split(".");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("."));
}

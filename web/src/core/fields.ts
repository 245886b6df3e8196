// The decoded field tree as the list of lines that is seen, and its join with bytes.
import type { Field } from "./protocol";

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

/** parents lists the paths above one: what must be open for it to be seen. */
export function parents(path: string): readonly string[] {
  const parts = path.split(".");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("."));
}

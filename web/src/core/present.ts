// What each node is like now. A state tells of all nodes several times a second, and of
// most of them the same: what has not changed stays the same object, so that nobody
// looks at it again.
import type { IfaceStatus, ProcStatus, Status } from "../protocol/types";

export interface NodeNow {
  readonly procs: readonly ProcStatus[];
  readonly ifaces: readonly IfaceStatus[];
}

/** By node. */
export type Present = ReadonlyMap<string, NodeNow>;

const nothing: NodeNow = { procs: [], ifaces: [] };

/** present sorts a state by node. */
export function present(old: Present, status: Pick<Status, "procs" | "ifaces">): Present {
  const procs = grouped(status.procs, (p) => p.node);
  const ifaces = grouped(status.ifaces, (i) => nodeOf(i.port));
  const out = new Map<string, NodeNow>();
  for (const node of new Set([...procs.keys(), ...ifaces.keys()])) {
    const had = old.get(node) ?? nothing;
    const now: NodeNow = {
      procs: kept(had.procs, procs.get(node) ?? []),
      ifaces: kept(had.ifaces, ifaces.get(node) ?? []),
    };
    out.set(node, now.procs === had.procs && now.ifaces === had.ifaces ? had : now);
  }
  return out.size === old.size && [...out].every(([node, now]) => old.get(node) === now) ? old : out;
}

/** nodeOf is the node whose port "alice:em0" is; of "s1.2" it is that whole name. */
export function nodeOf(port: string): string {
  return port.split(":")[0] ?? "";
}

/** kept is a new list, with the old objects where they say the same, or the old list itself. */
function kept<T>(old: readonly T[], now: readonly T[]): readonly T[] {
  const out = now.map((x, i) => (equal(old[i], x) ? (old[i] as T) : x));
  return out.length === old.length && out.every((x, i) => x === old[i]) ? old : out;
}

/** equal compares what JSON can say. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => equal(x, b[i]));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => equal(Reflect.get(a, k), Reflect.get(b, k)));
}

function grouped<T>(all: readonly T[], by: (x: T) => string): ReadonlyMap<string, readonly T[]> {
  const out = new Map<string, T[]>();
  for (const x of all) {
    const list = out.get(by(x));
    if (list === undefined) out.set(by(x), [x]);
    else list.push(x);
  }
  return out;
}

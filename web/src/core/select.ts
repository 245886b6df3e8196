// What of a lab's state belongs to one of its nodes.
import type { Iface, IfaceKind, IfaceStatus, Node, ProcSpec, ProcStatus } from "../protocol/types";
import type { Life } from "./lives";
import type { NodeNow } from "./present";

export function isAlive(p: ProcStatus): boolean {
  return p.state === "running" || p.state === "ready" || p.state === "sleeping";
}

/** procOf is a process of a node as it is now, undefined if it is not there. */
export function procOf(now: NodeNow, proc: string): ProcStatus | undefined {
  return now.procs.find((p) => p.proc === proc);
}

/** livesAs says whether a process of that name lives. */
export function livesAs(now: NodeNow, proc: string): boolean {
  const p = procOf(now, proc);
  return p !== undefined && isAlive(p);
}

/** specsOf lists a node's processes: those of the scenario, then those that came later, alive or not. */
export function specsOf(node: Pick<Node, "procs">, lives: readonly Life[]): readonly ProcSpec[] {
  const names = new Set(node.procs.map((p) => p.name));
  const later = lives.map((l): ProcSpec => ({ name: l.name, argv: [], slot: false, program: l.program }));
  return [...node.procs, ...later.filter((p) => !names.has(p.name))];
}

/** visitors are a node's living processes that the scenario does not have. */
export function visitors(node: Pick<Node, "procs">, now: NodeNow): readonly ProcStatus[] {
  return now.procs.filter((p) => isAlive(p) && !node.procs.some((k) => k.name === p.proc));
}

/** An interface as it is now: those that come while the lab runs are not in its topology. */
export interface Port {
  readonly name: string;
  readonly kind: IfaceKind;
  readonly mac: string;
  /** What it is plugged into, "" for nothing. */
  readonly port: string;
  readonly addresses: readonly string[];
  /** Undefined where it is not there: a device that no program has opened yet. */
  readonly status: IfaceStatus | undefined;
}

/** portsOf lists a node's interfaces, those of the scenario first. */
export function portsOf(
  node: { readonly name: string; readonly ifaces: readonly Iface[] },
  now: NodeNow,
): readonly Port[] {
  const there = new Map(now.ifaces.map((i) => [i.port.slice(node.name.length + 1), i]));
  const out = node.ifaces.map((i): Port => {
    const status = there.get(i.name);
    there.delete(i.name);
    return { ...i, addresses: status?.addresses ?? i.addresses, status };
  });
  for (const [name, status] of there) {
    out.push({ name, kind: status.kind, mac: status.mac, port: "", addresses: status.addresses, status });
  }
  return out;
}

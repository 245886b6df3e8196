// What the page knows of switches, of the links that are impaired, and of cables: the
// server tells what has changed.
import type { ImpairState, Link, PortState, Status, SwitchNow, Topology, TreeEvent } from "../protocol/types";
import { edgeId } from "./graph";

export interface Fabric {
  /** By switch, but for their ports. */
  readonly switches: ReadonlyMap<string, SwitchNow>;
  /** Of switches, by their names. */
  readonly ports: ReadonlyMap<string, PortState>;
  /** What is done to the frames that leave a port, by that. */
  readonly impaired: ReadonlyMap<string, ImpairState>;
  /** Delays of cables that were unplugged, by the link's id. */
  readonly unplugged: ReadonlyMap<string, number>;
  /** The last changes of spanning trees, by switch. */
  readonly trees: ReadonlyMap<string, readonly TreeEvent[]>;
}

export const noFabric: Fabric = {
  switches: new Map(),
  ports: new Map(),
  impaired: new Map(),
  unplugged: new Map(),
  trees: new Map(),
};

/** Changes kept of each switch's tree. */
export const CHANGES = 24;

/** observeFabric takes in what a state tells. */
export function observeFabric(old: Fabric, status: Status): Fabric {
  if (status.switches === undefined && status.impaired === undefined) return old;
  let { switches, ports, impaired } = old;
  if (status.switches !== undefined) {
    const now = new Map(switches);
    const all = new Map(ports);
    for (const s of status.switches) {
      if (s.now !== undefined) now.set(s.switch, s.now);
      for (const p of s.ports) all.set(p.port, p);
    }
    switches = now;
    ports = all;
  }
  if (status.impaired !== undefined) {
    const all = new Map(impaired);
    for (const w of status.impaired) {
      if (w.words.length > 0) all.set(w.port, w);
      else all.delete(w.port);
    }
    impaired = all;
  }
  return { ...old, switches, ports, impaired };
}

/** growTrees notes changes of spanning trees. */
export function growTrees(old: Fabric, events: ReadonlyMap<string, readonly TreeEvent[]>): Fabric {
  if (events.size === 0) return old;
  const trees = new Map(old.trees);
  for (const [name, add] of events) trees.set(name, [...(trees.get(name) ?? []), ...add].slice(-CHANGES));
  return { ...old, trees };
}

/** replug is the topology with the cables that there are now. */
export function replug(t: Topology, links: readonly Link[] | undefined): Topology {
  if (links === undefined) return t;
  const peers = new Map(links.flatMap((l) => [[l.a, l.b] as const, [l.b, l.a] as const]));
  return {
    ...t,
    links,
    nodes: t.nodes.map((n) => ({
      ...n,
      ifaces: n.ifaces.map((i) => ({ ...i, port: peers.get(`${n.name}:${i.name}`) ?? "" })),
    })),
  };
}

/** unplug notes the cables that are in one topology and not in the next. */
export function unplug(old: Fabric, before: Topology, now: Topology): Fabric {
  if (before.links === now.links) return old;
  const unplugged = new Map(old.unplugged);
  for (const l of before.links) unplugged.set(edgeId(l.a, l.b), l.delay);
  for (const l of now.links) unplugged.delete(edgeId(l.a, l.b));
  return { ...old, unplugged };
}

/** holdsBack says whether a port's state lets no frame pass, for the spanning tree's sake. */
export function holdsBack(p: PortState | undefined): boolean {
  return p?.link === "up" && (p.state === "discarding" || p.state === "listening" || p.state === "learning");
}

/** vlansOf says which VLANs a port is a member of: "10", "trunk 1, 10,20"; "" where it knows none. */
export function vlansOf(p: PortState | undefined): string {
  if (p === undefined) return "";
  if (p.access !== 0) return String(p.access);
  const all = [p.native === 0 ? "" : String(p.native), p.tagged, p.untagged].filter((s) => s !== "");
  return all.length === 0 ? "" : `trunk ${all.join(", ")}`;
}

/** Colours that VLANs are told apart by. */
export const COLOURS = 6;

/** colourOf is which colour a link has: that of the VLAN that both ends have access to, or one of them. */
export function colourOf(a: PortState | undefined, b: PortState | undefined): number | undefined {
  const vlan = a?.access || b?.access || 0;
  return vlan === 0 ? undefined : vlan % COLOURS;
}

/** isTrunk says whether frames have tags at a port. */
export function isTrunk(p: PortState | undefined): boolean {
  return p !== undefined && p.tagged !== "";
}

/** rootName is the switch that is a root, by its identifier, as far as it is known. */
export function rootName(f: Fabric, id: string): string {
  for (const [name, s] of f.switches) if (s.tree?.id === id) return name;
  return id;
}

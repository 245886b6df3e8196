// What can be selected on the bench, and which rows of the time line are about it.
import type { Topology } from "../protocol/types";
import { edgeId } from "./graph";
import { nodeOf } from "./present";
import type { Row } from "./row";

export type Thing =
  | { readonly kind: "proc"; readonly node: string; readonly proc: string }
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "iface"; readonly node: string; readonly iface: string }
  | { readonly kind: "switch"; readonly name: string }
  | { readonly kind: "link"; readonly id: string };

/** Whose a port is: a node or a switch. */
export type Owners = ReadonlyMap<string, string>;

/** firstThing is what one came for: the program that is one's own, or else a node. */
export function firstThing(t: Topology): Thing | undefined {
  for (const n of t.nodes) {
    const slot = n.procs.find((p) => p.slot);
    if (slot !== undefined) return { kind: "proc", node: n.name, proc: slot.name };
  }
  const n = t.nodes[0];
  return n && { kind: "node", node: n.name };
}

/** What a row is about: names of nodes, switches, ports and processes, and the link, "" for none. */
export interface About {
  readonly names: ReadonlySet<string>;
  readonly edge: string;
}

export function aboutRow(row: Row | undefined, owners: Owners): About {
  const names = new Set<string>();
  if (row === undefined || row.kind === "missed") return { names, edge: "" };
  if ("node" in row) names.add(row.node);
  if ("proc" in row) names.add(`${row.node}:${row.proc}`);
  if ("port" in row && row.port !== "") {
    names.add(row.port);
    names.add(owners.get(row.port) ?? nodeOf(row.port));
  }
  if (row.kind === "frame") names.add(owners.get(row.peer) ?? "");
  names.delete("");
  return { names, edge: row.kind === "frame" ? edgeId(row.port, row.peer) : "" };
}

/** isAbout says whether a row is about a thing. */
export function isAbout(row: Row, t: Thing | undefined, owners: Owners): boolean {
  if (t === undefined || row.kind === "missed") return false;
  const at = "port" in row ? owners.get(row.port) : undefined;
  switch (t.kind) {
    case "proc":
      return "proc" in row && row.node === t.node && row.proc === t.proc;
    case "node":
      return "node" in row ? row.node === t.node : at === t.node;
    case "iface":
      return (
        ("port" in row && row.port === `${t.node}:${t.iface}`) ||
        (row.kind === "frame" && row.peer === `${t.node}:${t.iface}`) ||
        (row.kind === "call" && row.node === t.node && row.path === `/dev/${t.iface}`)
      );
    case "switch":
      return ("node" in row && row.node === t.name) || at === t.name;
    case "link":
      return row.kind === "frame" && edgeId(row.port, row.peer) === t.id;
    default:
      return t satisfies never;
  }
}

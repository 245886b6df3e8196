// Where a lab can be captured, and what a capture of that is called.
import type { Topology } from "../protocol/types";
import type { Edge } from "./graph";
import type { Thing } from "./thing";

/** A point is what the server, and labserver, call it by. */
export interface CapturePoint {
  readonly point: string;
  readonly says: string;
}

/** Points of one kind. */
export interface CaptureGroup {
  readonly title: string;
  readonly points: readonly CapturePoint[];
}

/** The whole lab. */
export const WHOLE = "all";

/** capturePoints lists what can be captured besides the whole lab. */
export function capturePoints(t: Topology, edges: readonly Edge[]): readonly CaptureGroup[] {
  const nodes = t.nodes.flatMap((n) => [
    ...(n.ifaces.length > 1 ? [{ point: n.name, says: `${n.name}: all interfaces` }] : []),
    ...n.ifaces.map((i) => ({ point: `${n.name}:${i.name}`, says: `${n.name}:${i.name}` })),
  ]);
  const switches = t.switches.flatMap((s) => [
    { point: s.name, says: `${s.name}: all ports` },
    ...s.ports.map((p) => ({ point: p, says: p })),
  ]);
  const links = edges.map((e) => ({ point: `${e.a}-${e.b}`, says: `${e.a} to ${e.b}` }));
  return [
    { title: "Interfaces", points: nodes },
    { title: "Switch ports", points: switches },
    { title: "Links", points: links },
  ].filter((g) => g.points.length > 0);
}

/** pointOf is where a thing is captured: the whole lab where it is nowhere. */
export function pointOf(thing: Thing | undefined, t: Topology, edges: readonly Edge[]): string {
  switch (thing?.kind) {
    case undefined:
      return WHOLE;
    case "proc":
    case "node": {
      const ifaces = t.nodes.find((n) => n.name === thing.node)?.ifaces ?? [];
      const [first, ...more] = ifaces;
      if (first === undefined) return WHOLE;
      return more.length === 0 ? `${thing.node}:${first.name}` : thing.node;
    }
    case "iface":
      return `${thing.node}:${thing.iface}`;
    case "switch":
      return thing.name;
    case "link": {
      const e = edges.find((x) => x.id === thing.id);
      return e === undefined ? WHOLE : `${e.a}-${e.b}`;
    }
    default:
      return thing satisfies never;
  }
}

/** captureFile is the name of a lab's file with its capture at a point. */
export function captureFile(point: string, filter: string): string {
  const ask = [
    ...(point === WHOLE ? [] : [`point=${encodeURIComponent(point)}`]),
    ...(filter.trim() === "" ? [] : [`filter=${encodeURIComponent(filter.trim())}`]),
  ];
  return `capture.pcapng${ask.length > 0 ? `?${ask.join("&")}` : ""}`;
}

/** captureCommand is what one types to have it live in Wireshark. */
export function captureCommand(page: string, point: string, filter: string): string {
  const at = point === WHOLE ? "" : ` -i ${quoted(point)}`;
  const only = filter.trim() === "" ? "" : ` -Y ${quoted(filter.trim())}`;
  return `labserver capture ${quoted(page)}${at}${only} -w - | wireshark -k -i -`;
}

/** quoted is a word for a shell. */
function quoted(word: string): string {
  return /^[\w.:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

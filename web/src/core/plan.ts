// Where the boxes of nodes and switches stand, and where links leave them: what does not
// fit is drawn smaller, until it does.
import { crossed, type Edge, type Graph, layout, overlap, type Point, spread } from "./graph";

export const NODE_W = 208;
export const HEAD = 30;
export const LINE = 20;
/** Interfaces drawn of a node; the drawer lists them all. */
export const PORTS = 8;
export const LEGEND_H = 24;
const SWITCH = { w: 88, h: 40 };
/** Between two boxes, so that the link between them is seen. */
const GAP = 44;
/** How much smaller a crowded lab may be drawn. */
const ZOOMS = [1.15, 1.3, 1.5, 1.75, 2, 2.5, 3];
/** From here on a line may pass behind a box: it is better than letters too small to read. */
const CROSSED = 1.5;

export interface Size {
  readonly w: number;
  readonly h: number;
}

export interface Box extends Point, Size {}

/** A link's two ports and where its line ends. */
export interface Ends {
  readonly a: string;
  readonly b: string;
  readonly ax: number;
  readonly ay: number;
  readonly bx: number;
  readonly by: number;
}

export interface Plan {
  readonly boxes: ReadonlyMap<string, Box>;
  /** By the link's id. */
  readonly ends: ReadonlyMap<string, Ends>;
  /** How many times as small it is drawn. */
  readonly zoom: number;
}

/** nodeHeight is how tall the box of a node is. */
export function nodeHeight(ports: number, procs: number): number {
  return HEAD + (Math.min(ports, PORTS) + (ports > PORTS ? 1 : 0) + procs) * LINE + 8;
}

/** From here on boxes stand in rows: to find better places for so many takes longer than anybody waits. */
const CROWD = 120;

/** rows puts boxes into rows, each switch before what is plugged into it alone, as much smaller as it takes. */
function rows(g: Graph, heights: ReadonlyMap<string, number>, size: Size): Plan {
  const cell = { w: NODE_W + GAP / 2, h: Math.max(SWITCH.h, ...heights.values()) + GAP / 2 };
  const n = g.vertices.length;
  const across = Math.max(1, Math.ceil(Math.sqrt((n * cell.h * size.w) / (cell.w * size.h))));
  const zoom = Math.max(1, (across * cell.w) / size.w, (Math.ceil(n / across) * cell.h) / (size.h - LEGEND_H));
  const near = new Map<string, string[]>();
  for (const e of g.edges) {
    near.set(e.from, [...(near.get(e.from) ?? []), e.to]);
    near.set(e.to, [...(near.get(e.to) ?? []), e.from]);
  }
  const order: string[] = [];
  const put = new Set<string>();
  const add = (name: string): void => {
    if (put.has(name)) return;
    put.add(name);
    order.push(name);
  };
  for (const v of g.vertices.filter((x) => x.kind === "switch")) {
    add(v.name);
    for (const other of near.get(v.name) ?? []) if (near.get(other)?.length === 1) add(other);
  }
  for (const v of g.vertices) add(v.name);
  const kinds = new Map(g.vertices.map((v) => [v.name, v.kind]));
  const boxes = new Map(
    order.map((name, i): [string, Box] => {
      const w = kinds.get(name) === "switch" ? SWITCH.w : NODE_W;
      const h = heights.get(name) ?? SWITCH.h;
      return [
        name,
        {
          x: ((i % across) + 0.5) * cell.w - w / 2,
          y: (Math.floor(i / across) + 0.5) * cell.h - h / 2,
          w,
          h,
        },
      ];
    }),
  );
  return { boxes, ends: endsOf(g, boxes), zoom };
}

/** endsOf is where all lines end. */
function endsOf(g: Graph, boxes: ReadonlyMap<string, Box>): ReadonlyMap<string, Ends> {
  return new Map(g.edges.map((e): [string, Ends] => [e.id, edgeEnds(e, g, boxes)]));
}

/** plan arranges a graph in a room of some pixels; heights are those of nodes, by name. */
export function plan(g: Graph, heights: ReadonlyMap<string, number>, size: Size): Plan {
  if (g.vertices.length > CROWD) return rows(g, heights, size);
  const tallest = Math.max(HEAD, ...heights.values());
  const at = new Map(g.vertices.map((v, i) => [v.name, i]));
  const lines = g.edges.map((e) => [at.get(e.from) ?? 0, at.get(e.to) ?? 0] as const);
  const arranged = (by: number): readonly Box[] => {
    const room = { w: size.w * by, h: (size.h - LEGEND_H) * by };
    const places = layout(g, room.w, room.h, { x: NODE_W / 2 + 16, y: tallest / 2 + 24 });
    const sized = g.vertices.map((v): Box => {
      const p = places.get(v.name) ?? { x: room.w / 2, y: room.h / 2 };
      const w = v.kind === "node" ? NODE_W : SWITCH.w;
      const h = heights.get(v.name) ?? SWITCH.h;
      return { x: p.x - w / 2, y: p.y - h / 2, w, h };
    });
    return spread(sized, room, GAP, lines);
  };
  let zoom = 1;
  let apart = arranged(zoom);
  for (const next of ZOOMS) {
    if (!overlap(apart, GAP / 2) && (zoom >= CROSSED || !crossed(apart, lines))) break;
    zoom = next;
    apart = arranged(zoom);
  }
  const boxes = new Map<string, Box>(g.vertices.map((v, i) => [v.name, apart[i] ?? { x: 0, y: 0, w: 0, h: 0 }]));
  return { boxes, ends: endsOf(g, boxes), zoom };
}

/** The direction across a line, of length 1: to the right, or up where the line lies flat. */
export function aside(p: Point, q: Point): Point {
  const len = Math.hypot(q.x - p.x, q.y - p.y) || 1;
  const n = { x: (q.y - p.y) / len, y: (p.x - q.x) / len };
  return n.x < -0.01 || (Math.abs(n.x) <= 0.01 && n.y > 0) ? { x: -n.x, y: -n.y } : n;
}

/** Where an edge leaves its boxes; edges between the same two are drawn apart. */
function edgeEnds(e: Edge, g: Graph, boxes: ReadonlyMap<string, Box>): Ends {
  const a = boxes.get(e.from);
  const b = boxes.get(e.to);
  if (a === undefined || b === undefined) return { a: e.a, b: e.b, ax: 0, ay: 0, bx: 0, by: 0 };
  const same = g.edges.filter((o) => (o.from === e.from && o.to === e.to) || (o.from === e.to && o.to === e.from));
  const shift = (same.indexOf(e) - (same.length - 1) / 2) * 18;
  const ca = centre(a);
  const cb = centre(b);
  const len = Math.hypot(cb.x - ca.x, cb.y - ca.y) || 1;
  const off = { x: (-(cb.y - ca.y) / len) * shift, y: ((cb.x - ca.x) / len) * shift };
  const pa = clip(a, ca, cb);
  const pb = clip(b, cb, ca);
  return { a: e.a, b: e.b, ax: pa.x + off.x, ay: pa.y + off.y, bx: pb.x + off.x, by: pb.y + off.y };
}

export function centre(b: Box): Point {
  return { x: b.x + b.w / 2, y: b.y + b.h / 2 };
}

function clip(b: Box, from: Point, to: Point): Point {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const k = Math.min(dx === 0 ? 1 : b.w / 2 / Math.abs(dx), dy === 0 ? 1 : b.h / 2 / Math.abs(dy), 1);
  return { x: from.x + dx * k, y: from.y + dy * k };
}

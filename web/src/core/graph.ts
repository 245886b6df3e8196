// The topology as places and lines: pure and deterministic, so that the same lab
// looks the same in every browser.
import type { IfaceStatus, Link, Topology } from "../protocol/types";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Vertex {
  readonly name: string;
  readonly kind: "node" | "switch" | "door";
}

export interface Edge {
  readonly id: string;
  /** Ports, and the vertices they belong to. */
  readonly a: string;
  readonly b: string;
  readonly from: string;
  readonly to: string;
  readonly delay: number;
}

export interface Graph {
  readonly vertices: readonly Vertex[];
  readonly edges: readonly Edge[];
  /** By port: the vertex it belongs to. */
  readonly owner: ReadonlyMap<string, string>;
}

/** graph joins nodes, switches and links; an interface plugged into a port without a link is a line without delay. */
export function graph(t: Topology): Graph {
  const owner = new Map<string, string>();
  for (const s of t.switches) for (const p of s.ports) owner.set(p, s.name);
  for (const n of t.nodes) for (const i of n.ifaces) owner.set(`${n.name}:${i.name}`, n.name);

  for (const d of t.doors) owner.set(outside(d.port), outside(d.port));

  const links: Link[] = [...t.links, ...t.doors.map((d) => ({ a: d.port, b: outside(d.port), delay: 0 }))];
  const wired = new Set(links.flatMap((l) => [l.a, l.b]));
  for (const n of t.nodes) {
    for (const i of n.ifaces) {
      const a = `${n.name}:${i.name}`;
      if (i.port !== "" && !wired.has(a)) links.push({ a, b: i.port, delay: 0 });
    }
  }
  const edges: Edge[] = [];
  for (const l of links) {
    const from = owner.get(l.a);
    const to = owner.get(l.b);
    // A link to a port that nobody has cannot be drawn; its frames still are rows.
    if (from !== undefined && to !== undefined) edges.push({ id: edgeId(l.a, l.b), ...l, from, to });
  }
  return {
    vertices: [
      ...t.nodes.map((n): Vertex => ({ name: n.name, kind: "node" })),
      ...t.switches.map((s): Vertex => ({ name: s.name, kind: "switch" })),
      ...t.doors.map((d): Vertex => ({ name: outside(d.port), kind: "door" })),
    ],
    edges,
    owner,
  };
}

/** outside is the other end of a door's cable, which is all that there is of what is outside. */
export const outside = (port: string): string => `door:${port}`;

/** tunnels pairs the ports of tuns that are each other's peers, as "west:tun0" and "east:tun0". */
export function tunnels(ifaces: readonly IfaceStatus[]): readonly (readonly [string, string])[] {
  const out: (readonly [string, string])[] = [];
  const waiting = new Map<string, string>(); // by "own peer"
  for (const i of ifaces) {
    if (i.kind !== "tun") continue;
    for (const a of i.addresses) {
      const [own, peer] = a.split(" --> ");
      if (own === undefined || peer === undefined) continue;
      const other = waiting.get(`${peer} ${own}`);
      if (other === undefined) waiting.set(`${own} ${peer}`, i.port);
      else out.push([other, i.port]);
    }
  }
  return out;
}

/** edgeId names the line between two ports, whichever comes first. */
export function edgeId(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/** layout places each vertex's centre in a box, margins apart from its border. */
export function layout(
  g: Graph,
  width: number,
  height: number,
  margin: { readonly x: number; readonly y: number },
): ReadonlyMap<string, Point> {
  const unit = place(g, height > width * 0.8);
  const xs = [...unit.values()].map((p) => p.x);
  const ys = [...unit.values()].map((p) => p.y);
  const spread = (v: number, all: readonly number[], size: number, edge: number): number => {
    const lo = Math.min(...all);
    const hi = Math.max(...all);
    if (hi - lo < 1e-6 || size <= 2 * edge) return size / 2;
    return edge + ((v - lo) / (hi - lo)) * (size - 2 * edge);
  };
  return new Map(
    [...unit].map(([name, p]) => [
      name,
      { x: Math.round(spread(p.x, xs, width, margin.x)), y: Math.round(spread(p.y, ys, height, margin.y)) },
    ]),
  );
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Rounds in which boxes are pushed apart: those that can't be are left as they are. */
const PUSHES = 400;

/** Boxes times lines beyond which lines may pass behind boxes: it would take too long to see to it. */
const CROSSINGS = 400;
/** How far a line is kept from boxes that are not its ends. */
const CLEAR = 10;

/**
 * spread moves boxes as little as it can so that they keep gap apart, inside the room,
 * and off the lines between others, which go from centre to centre.
 */
export function spread(
  boxes: readonly Rect[],
  room: { readonly w: number; readonly h: number },
  gap: number,
  lines: readonly (readonly [number, number])[] = [],
): readonly Rect[] {
  const watched = boxes.length * lines.length > CROSSINGS ? [] : lines;
  const out = boxes.map((b) => ({ ...b }));
  const clamp = (v: number, most: number): number => Math.max(gap / 2, Math.min(v, most - gap / 2));
  for (let round = 0; round < PUSHES; round++) {
    let moved = false;
    out.forEach((a, i) => {
      for (const b of out.slice(i + 1)) {
        const dx = (a.w + b.w) / 2 + gap - Math.abs(a.x + a.w / 2 - b.x - b.w / 2);
        const dy = (a.h + b.h) / 2 + gap - Math.abs(a.y + a.h / 2 - b.y - b.h / 2);
        if (dx <= 0.5 || dy <= 0.5) continue;
        moved = true;
        // The shorter way out, unless the room is too narrow for it.
        const across = dx <= dy && a.w + b.w + 2 * gap <= room.w;
        const by = (across ? dx : dy) / 2;
        if (across) {
          const sign = a.x + a.w / 2 <= b.x + b.w / 2 ? -1 : 1;
          a.x += sign * by;
          b.x -= sign * by;
        } else {
          const sign = a.y + a.h / 2 <= b.y + b.h / 2 ? -1 : 1;
          a.y += sign * by;
          b.y -= sign * by;
        }
        for (const c of [a, b]) {
          c.x = clamp(c.x, room.w - c.w);
          c.y = clamp(c.y, room.h - c.h);
        }
      }
    });
    for (const [from, to] of watched) {
      const a = out[from];
      const b = out[to];
      if (a === undefined || b === undefined) continue;
      out.forEach((c, i) => {
        if (i === from || i === to) return;
        const away = offLine(c, middle(a), middle(b), CLEAR);
        if (away === undefined) return;
        moved = true;
        c.x = clamp(c.x + away.x, room.w - c.w);
        c.y = clamp(c.y + away.y, room.h - c.h);
      });
    }
    if (!moved) break;
  }
  return out.map((b) => ({ ...b, x: Math.round(b.x), y: Math.round(b.y) }));
}

/** crossed says whether a line goes through a box that is not one of its ends. */
export function crossed(boxes: readonly Rect[], lines: readonly (readonly [number, number])[]): boolean {
  if (boxes.length * lines.length > CROSSINGS) return false;
  return lines.some(([from, to]) => {
    const a = boxes[from];
    const b = boxes[to];
    if (a === undefined || b === undefined) return false;
    return boxes.some((c, i) => i !== from && i !== to && offLine(c, middle(a), middle(b), 0) !== undefined);
  });
}

function middle(b: Rect): Point {
  return { x: b.x + b.w / 2, y: b.y + b.h / 2 };
}

/** offLine is a small step of a box away from a line nearer than clear to it; undefined where there is none. */
function offLine(box: Rect, p: Point, q: Point, clear: number): Point | undefined {
  const c = middle(box);
  const d = { x: q.x - p.x, y: q.y - p.y };
  const len = Math.hypot(d.x, d.y);
  if (len === 0) return undefined;
  // The box as seen across the line: its half width there, and its centre's distance.
  const n = { x: d.y / len, y: -d.x / len };
  const dist = (c.x - p.x) * n.x + (c.y - p.y) * n.y;
  const half = (box.w * Math.abs(n.x) + box.h * Math.abs(n.y)) / 2 + clear;
  const along = ((c.x - p.x) * d.x + (c.y - p.y) * d.y) / len;
  const reach = (box.w * Math.abs(d.x) + box.h * Math.abs(d.y)) / (2 * len);
  if (half - Math.abs(dist) <= 0.5 || along + reach <= 0 || along - reach >= len) return undefined;
  const step = Math.min(half - Math.abs(dist), 8) * (dist < 0 ? -1 : 1);
  return { x: n.x * step, y: n.y * step };
}

/** overlap says whether any two boxes are nearer than gap. */
export function overlap(boxes: readonly Rect[], gap: number): boolean {
  return boxes.some((a, i) =>
    boxes
      .slice(i + 1)
      .some(
        (b) =>
          Math.abs(a.x + a.w / 2 - b.x - b.w / 2) < (a.w + b.w) / 2 + gap &&
          Math.abs(a.y + a.h / 2 - b.y - b.h / 2) < (a.h + b.h) / 2 + gap,
      ),
  );
}

function place(g: Graph, tall: boolean): ReadonlyMap<string, Point> {
  const line = g.edges.length === 0 ? g.vertices.map((v) => v.name) : asLine(g);
  if (line !== undefined) {
    return new Map(line.map((name, i) => [name, tall ? { x: 0, y: i } : { x: i, y: 0 }]));
  }
  return relaxed(g);
}

function neighbours(g: Graph): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, string[]>(g.vertices.map((v) => [v.name, []]));
  for (const e of g.edges) {
    if (e.from === e.to) continue;
    if (out.get(e.from)?.includes(e.to)) continue;
    out.get(e.from)?.push(e.to);
    out.get(e.to)?.push(e.from);
  }
  return out;
}

/** asLine returns the vertices in order when they hang on one string: alice, s1, bob. */
function asLine(g: Graph): readonly string[] | undefined {
  const next = neighbours(g);
  const ends = g.vertices.filter((v) => (next.get(v.name)?.length ?? 0) <= 1);
  const start = ends[0];
  if (start === undefined || g.vertices.some((v) => (next.get(v.name)?.length ?? 0) > 2)) return undefined;
  const order = [start.name];
  const seen = new Set(order);
  for (;;) {
    const here = order.at(-1) ?? "";
    const step = next.get(here)?.find((n) => !seen.has(n));
    if (step === undefined) break;
    order.push(step);
    seen.add(step);
  }
  return order.length === g.vertices.length ? order : undefined;
}

/** Rounds of relaxation: enough for 50 vertices to come to rest, about 10 ms. */
const ROUNDS = 240;

/** relaxed is Fruchterman and Reingold's layout (1991) from a fixed start: switches inside, nodes around. */
function relaxed(g: Graph): ReadonlyMap<string, Point> {
  const n = g.vertices.length;
  const index = new Map(g.vertices.map((v, i) => [v.name, i]));
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  g.vertices.forEach((v, i) => {
    const angle = (2 * Math.PI * i) / n - Math.PI / 2;
    const r = v.kind === "switch" ? 0.2 : 1;
    x[i] = r * Math.cos(angle);
    y[i] = r * Math.sin(angle);
  });
  const k = Math.sqrt(4 / Math.max(n, 1));
  const dx = new Float64Array(n);
  const dy = new Float64Array(n);
  const get = (a: Float64Array, i: number): number => a[i] ?? 0;
  const pull = (i: number, j: number, force: (d: number) => number): void => {
    let ux = get(x, i) - get(x, j);
    const uy = get(y, i) - get(y, j);
    if (ux === 0 && uy === 0) ux = 1e-3 * (i - j);
    const d = Math.hypot(ux, uy);
    const f = force(d) / d;
    dx[i] = get(dx, i) + ux * f;
    dy[i] = get(dy, i) + uy * f;
    dx[j] = get(dx, j) - ux * f;
    dy[j] = get(dy, j) - uy * f;
  };
  for (let round = 0; round < ROUNDS; round++) {
    dx.fill(0);
    dy.fill(0);
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) pull(i, j, (d) => (k * k) / d);
    for (const e of g.edges) {
      const i = index.get(e.from) ?? 0;
      const j = index.get(e.to) ?? 0;
      if (i !== j) pull(i, j, (d) => -(d * d) / k);
    }
    const heat = 0.2 * (1 - round / ROUNDS);
    for (let i = 0; i < n; i++) {
      const d = Math.hypot(get(dx, i), get(dy, i));
      if (d === 0) continue;
      x[i] = get(x, i) + (get(dx, i) / d) * Math.min(d, heat);
      y[i] = get(y, i) + (get(dy, i) / d) * Math.min(d, heat);
    }
  }
  return new Map(g.vertices.map((v, i) => [v.name, { x: get(x, i), y: get(y, i) }]));
}

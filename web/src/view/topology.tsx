// What is connected: SVG that can be focused and read out, and one canvas over it
// for what moves.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { percent, span } from "../core/format";
import { crossed, type Edge, type Graph, layout, overlap, type Point, spread, tunnels } from "../core/graph";
import { protoOf } from "../core/row";
import { last } from "../core/rows";
import type { Node, ProcStatus } from "../protocol/types";
import { byPort, drawFlight, type Ends } from "./flightcanvas";
import { arrow } from "./network";
import {
  aboutRow,
  flight,
  isAlive,
  lab,
  onFlight,
  type Port,
  pick,
  portsOf,
  procOf,
  selectedFrame,
  selectedRow,
  selectSeq,
  tab,
  thing,
  topologyGraph,
  visitors,
} from "./store";

const NODE_W = 208;
const HEAD = 30;
const LINE = 20;
/** Interfaces drawn of a node; the drawer lists them all. */
const PORTS = 8;
/** Width of a character of an interface's line, in pixels. */
const CHAR = 6.7;
const SWITCH = { w: 88, h: 40 };
/** Between two boxes, so that the link between them is seen. */
const GAP = 44;
const LEGEND_H = 24;
/** How much smaller a crowded lab may be drawn. */
const ZOOMS = [1.15, 1.3, 1.5, 1.75, 2, 2.5, 3];
/** From here on a line may pass behind a box: it is better than letters too small to read. */
const CROSSED = 1.5;
/** The shortest line that has room for its delay. */
const LABELLED = 40;
const LEGEND: readonly (readonly [string, string])[] = [
  ["arp", "ARP"],
  ["icmp", "ICMP"],
  ["tcp", "TCP"],
  ["udp", "UDP"],
  ["ip6", "IPv6"],
  ["other", "other"],
];

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export function TopologyPane() {
  const pane = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ w: 560, h: 480 });
  const [crowded, setCrowded] = useState(false);
  const s = lab.value;
  const g = topologyGraph.value;
  const t = s.topology;

  useEffect(() => {
    const el = pane.current;
    if (el === null) return;
    const watch = new ResizeObserver(() => setSize({ w: el.clientWidth, h: el.clientHeight }));
    watch.observe(el);
    return () => watch.disconnect();
  }, []);

  // What is run at a prompt comes and goes without moving anything: it has a line of
  // its own below the box.
  const shape = t.nodes.map((n) => `${n.name}/${portsOf(s, n.name).length}`).join();
  const { boxes, zoom } = useMemo(() => {
    const height = (n: Node): number => nodeHeight(portsOf(s, n.name).length, n.procs.length);
    const tallest = Math.max(HEAD, ...t.nodes.map(height));
    const at = new Map(g.vertices.map((v, i) => [v.name, i]));
    const lines = g.edges.map((e) => [at.get(e.from) ?? 0, at.get(e.to) ?? 0] as const);
    const arranged = (by: number): readonly Box[] => {
      const room = { w: size.w * by, h: (size.h - LEGEND_H) * by };
      const places = layout(g, room.w, room.h, { x: NODE_W / 2 + 16, y: tallest / 2 + 24 });
      const sized = g.vertices.map((v): Box => {
        const p = places.get(v.name) ?? { x: room.w / 2, y: room.h / 2 };
        const n = t.nodes.find((x) => x.name === v.name);
        const w = v.kind === "switch" ? SWITCH.w : NODE_W;
        const h = n === undefined ? SWITCH.h : height(n);
        return { x: p.x - w / 2, y: p.y - h / 2, w, h };
      });
      return spread(sized, room, GAP, lines);
    };
    // What does not fit is drawn smaller, until it does.
    let by = 1;
    let apart = arranged(by);
    for (const next of ZOOMS) {
      if (!overlap(apart, GAP / 2) && (by >= CROSSED || !crossed(apart, lines))) break;
      by = next;
      apart = arranged(by);
    }
    const all = new Map(g.vertices.map((v, i) => [v.name, apart[i] ?? { x: 0, y: 0, w: 0, h: 0 }]));
    return { boxes: all, zoom: by };
  }, [g, shape, size.w, size.h]);

  const ends = useMemo(() => new Map(g.edges.map((e) => [e.id, edgeEnds(e, g, boxes)])), [g, boxes]);
  const ports = useMemo(() => byPort(ends.values()), [ends]);

  useEffect(() => {
    const el = canvas.current;
    if (el === null) return;
    let frame = 0;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const draw = (): void => {
      frame = 0;
      const now = performance.now();
      const dots = flight.at(now);
      drawFlight(el, size.w, size.h, zoom, dots, ends, ports, now, selectedFrame.peek(), still.matches);
      setCrowded(flight.busy(now));
      if (!flight.idle || flight.busy(now)) wake();
    };
    const wake = (): void => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    wake();
    const off = onFlight(wake);
    return () => {
      off();
      cancelAnimationFrame(frame);
    };
  }, [ends, size.w, size.h, zoom]);

  // A frame on the wire can be chosen where it is.
  const onPointer = (e: MouseEvent): void => {
    const rect = pane.current?.getBoundingClientRect();
    if (rect === undefined) return;
    const x = (e.clientX - rect.left) * zoom;
    const y = (e.clientY - rect.top) * zoom;
    const now = performance.now();
    for (const dot of flight.at(now)) {
      const p = dotPlace(dot, ends, now);
      if (p !== undefined && Math.hypot(p.x - x, p.y - y) < 10) {
        selectSeq(dot.seq);
        e.stopPropagation();
        return;
      }
    }
  };

  const about = aboutRow(selectedRow.value);
  const seen = new Set(last(s.rows, 200).map(protoOf));
  return (
    <section class="topology" ref={pane} aria-label="Topology" onClickCapture={onPointer}>
      <svg
        width={size.w}
        height={size.h}
        viewBox={`0 0 ${size.w * zoom} ${size.h * zoom}`}
        role="group"
        aria-label="Nodes, switches and links"
      >
        {g.edges.map((e) => (
          <LinkLine key={e.id} edge={e} ends={ends.get(e.id)} lit={about.edge === e.id} />
        ))}
        {tunnels(s.status?.ifaces ?? []).map(([a, b]) => (
          <Tunnel key={`${a} ${b}`} a={a} b={b} boxes={boxes} lit={about.names.has(a) || about.names.has(b)} />
        ))}
        {t.switches.map((sw) => {
          const b = boxes.get(sw.name);
          const on = thing.value?.kind === "switch" && thing.value.name === sw.name;
          return (
            b && (
              <Choice
                key={sw.name}
                label={`switch ${sw.name}, ${sw.ports.length} ports`}
                on={on}
                lit={about.names.has(sw.name)}
                class="switch"
                choose={() => pick({ kind: "switch", name: sw.name })}
              >
                <rect x={b.x} y={b.y} width={b.w} height={b.h} rx="4" />
                <text x={b.x + b.w / 2} y={b.y + 17} text-anchor="middle" class="name">
                  {sw.name}
                </text>
                <text x={b.x + b.w / 2} y={b.y + 32} text-anchor="middle" class="dim">
                  switch
                </text>
              </Choice>
            )
          );
        })}
        {t.nodes.map((n) => {
          const b = boxes.get(n.name);
          return b && <NodeBox key={n.name} node={n} box={b} lit={about.names} />;
        })}
      </svg>
      <canvas ref={canvas} />
      <div class="legend">
        {LEGEND.filter(([key]) => [...seen].some((p) => p === key)).map(([key, name]) => (
          <span key={key} data-proto={key}>
            <i />
            {name}
          </span>
        ))}
        {crowded && <span class="warn">busy: not every frame is drawn</span>}
      </div>
    </section>
  );
}

function nodeHeight(ports: number, procs: number): number {
  return HEAD + (Math.min(ports, PORTS) + (ports > PORTS ? 1 : 0) + procs) * LINE + 8;
}

/** What an interface's line says of where it is, as much as there is room for. */
function whereText(p: Port): string {
  const first = p.addresses[0];
  if (first === undefined) return p.kind === "tun" ? "no address" : p.mac;
  const room = Math.floor((NODE_W - 32) / CHAR) - p.name.length;
  const whole = arrow(first);
  if (whole.length <= room) return whole;
  const own = first.split(" --> ")[0] ?? first;
  return own.length <= room ? own : `${own.slice(0, room - 1)}…`;
}

/** A point-to-point connection: two tuns, each with the other's address as its peer. No cable is there. */
function Tunnel(props: {
  readonly a: string;
  readonly b: string;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lit: boolean;
}) {
  const owner = (port: string): string => port.split(":")[0] ?? "";
  const from = props.boxes.get(owner(props.a));
  const to = props.boxes.get(owner(props.b));
  if (from === undefined || to === undefined || from === to) return null;
  const p = centre(from);
  const q = centre(to);
  // Bent, so that it is not taken for a cable, and away from what is between the two.
  const half = { x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 };
  const n = aside(p, q);
  let side = -1;
  let nearest = Number.POSITIVE_INFINITY;
  for (const box of props.boxes.values()) {
    const c = centre(box);
    const d = Math.hypot(c.x - half.x, c.y - half.y);
    if (box === from || box === to || d >= nearest) continue;
    nearest = d;
    side = (c.x - half.x) * n.x + (c.y - half.y) * n.y > 0 ? -1 : 1;
  }
  const bend = side * Math.min(72, Math.hypot(q.x - p.x, q.y - p.y) / 4);
  const m = { x: half.x + n.x * bend, y: half.y + n.y * bend };
  return (
    <path class={`tunnel${props.lit ? " lit" : ""}`} d={`M${p.x},${p.y} Q${m.x},${m.y} ${q.x},${q.y}`}>
      <title>{`tunnel ${props.a} to ${props.b}`}</title>
    </path>
  );
}

/** The direction across a line, of length 1: to the right, or up where the line lies flat. */
function aside(p: Point, q: Point): Point {
  const len = Math.hypot(q.x - p.x, q.y - p.y) || 1;
  const n = { x: (q.y - p.y) / len, y: (p.x - q.x) / len };
  return n.x < -0.01 || (Math.abs(n.x) <= 0.01 && n.y > 0) ? { x: -n.x, y: -n.y } : n;
}

function NodeBox(props: { readonly node: Node; readonly box: Box; readonly lit: ReadonlySet<string> }) {
  const { node: n, box: b, lit } = props;
  const s = lab.value;
  const chosen = thing.value;
  const ports = portsOf(s, n.name);
  const drawn = ports.slice(0, PORTS);
  const extra = ports.length > PORTS ? 1 : 0;
  const procs = n.procs;
  const guests = visitors(s, n.name);
  return (
    <>
      <Choice
        label={`node ${n.name}, ${n.dialect}`}
        class="node"
        on={chosen !== undefined && "node" in chosen && chosen.node === n.name}
        lit={lit.has(n.name)}
        choose={() => pick({ kind: "node", node: n.name })}
      >
        <rect x={b.x} y={b.y} width={b.w} height={b.h} rx="8" />
        <text x={b.x + 12} y={b.y + 20} class="name">
          {n.name}
        </text>
        <text x={b.x + b.w - 12} y={b.y + 20} text-anchor="end" class="dim">
          {n.dialect}
        </text>
      </Choice>
      {drawn.map((i, k) => {
        const y = b.y + HEAD + k * LINE;
        const where = whereText(i);
        return (
          <Choice
            key={i.name}
            class="inner"
            label={`interface ${i.name} of ${n.name}, ${where}${i.status === undefined ? "" : `, link ${i.status.link}`}`}
            on={chosen?.kind === "iface" && chosen.node === n.name && chosen.iface === i.name}
            lit={lit.has(`${n.name}:${i.name}`)}
            choose={() => pick({ kind: "iface", node: n.name, iface: i.name })}
          >
            <rect x={b.x + 4} y={y} width={b.w - 8} height={LINE} rx="3" />
            <text x={b.x + 12} y={y + 14} class="mono">
              {i.name}
            </text>
            <text x={b.x + b.w - 12} y={y + 14} text-anchor="end" class="mono dim">
              {where}
            </text>
          </Choice>
        );
      })}
      {extra > 0 && (
        <Choice
          class="inner"
          label={`${ports.length - PORTS} more interfaces of ${n.name}`}
          on={false}
          lit={false}
          choose={() => openTab(n.name, "network")}
        >
          <rect x={b.x + 4} y={b.y + HEAD + PORTS * LINE} width={b.w - 8} height={LINE} rx="3" />
          <text x={b.x + 12} y={b.y + HEAD + PORTS * LINE + 14} class="dim">
            and {ports.length - PORTS} more
          </text>
        </Choice>
      )}
      {procs.map((p, k) => {
        const y = b.y + HEAD + (drawn.length + extra + k) * LINE;
        const st = procOf(s, n.name, p.name);
        const says = procSays(st, p.program);
        return (
          <Choice
            key={p.name}
            class={`inner proc ${says.tone}`}
            label={`program ${p.name} on ${n.name}: ${says.text}`}
            on={chosen?.kind === "proc" && chosen.node === n.name && chosen.proc === p.name}
            lit={lit.has(`${n.name}:${p.name}`)}
            choose={() => pick({ kind: "proc", node: n.name, proc: p.name })}
          >
            <rect x={b.x + 4} y={y} width={b.w - 8} height={LINE} rx="3" />
            <circle cx={b.x + 15} cy={y + LINE / 2} r="3" />
            <text x={b.x + 24} y={y + 14}>
              {p.name}
            </text>
            <text x={b.x + b.w - 12} y={y + 14} text-anchor="end" class="dim state">
              {says.text}
            </text>
          </Choice>
        );
      })}
      {guests.length > 0 && (
        <Choice
          class="inner guests"
          label={
            guests.length === 1
              ? `process ${guests[0]?.proc} on ${n.name}: ${guests[0]?.state}`
              : `${guests.length} more processes on ${n.name}`
          }
          on={chosen?.kind === "proc" && chosen.node === n.name && guests.some((p) => p.proc === chosen.proc)}
          lit={guests.some((p) => lit.has(`${n.name}:${p.proc}`))}
          choose={() => {
            const only = guests.length === 1 ? guests[0] : undefined;
            if (only !== undefined) pick({ kind: "proc", node: n.name, proc: only.proc });
            else openTab(n.name, "procs");
          }}
        >
          <rect x={b.x + 8} y={b.y + b.h} width={b.w - 16} height={LINE} rx="3" />
          <circle cx={b.x + 19} cy={b.y + b.h + LINE / 2} r="3" />
          <text x={b.x + 28} y={b.y + b.h + 14}>
            {guests.length === 1 ? guests[0]?.proc : `${guests.length} more processes`}
          </text>
          <text x={b.x + b.w - 16} y={b.y + b.h + 14} text-anchor="end" class="dim state">
            {guests.length === 1 ? guests[0]?.state : ""}
          </text>
        </Choice>
      )}
    </>
  );
}

function openTab(node: string, which: "procs" | "network"): void {
  pick({ kind: "node", node });
  tab.value = which;
}

/** A process that leaves its CPU nothing is said to spin. */
export const SPINS = 0.98;

export function procSays(p: ProcStatus | undefined, program: string): { readonly text: string; readonly tone: string } {
  if (p === undefined) return { text: program === "" ? "no program" : "not started", tone: "off" };
  if (!isAlive(p)) {
    if (p.state === "exited") return { text: `exited ${p.exit?.code ?? ""}`, tone: p.exit?.code === 0 ? "off" : "bad" };
    return { text: p.state === "stopped" ? "not started" : p.state, tone: "off" };
  }
  if (p.cpu >= SPINS) return { text: "CPU 100 %", tone: "hot" };
  return { text: p.cpu > 0 ? `${p.state} · ${percent(p.cpu)}` : p.state, tone: "alive" };
}

function LinkLine(props: { readonly edge: Edge; readonly ends: Ends | undefined; readonly lit: boolean }) {
  const { edge: e, ends } = props;
  if (ends === undefined) return null;
  const mx = (ends.ax + ends.bx) / 2;
  const my = (ends.ay + ends.by) / 2;
  const long = Math.hypot(ends.bx - ends.ax, ends.by - ends.ay);
  const n = aside({ x: ends.ax, y: ends.ay }, { x: ends.bx, y: ends.by });
  const beside = n.x > 0.3;
  const delay = e.delay === 0 ? "no delay" : span(e.delay);
  return (
    <Choice
      class="link"
      label={`link ${e.a} to ${e.b}, ${delay}`}
      on={thing.value?.kind === "link" && thing.value.id === e.id}
      lit={props.lit}
      choose={() => pick({ kind: "link", id: e.id })}
    >
      <line class="hit" x1={ends.ax} y1={ends.ay} x2={ends.bx} y2={ends.by} />
      <line x1={ends.ax} y1={ends.ay} x2={ends.bx} y2={ends.by} />
      {e.delay > 0 && long >= (beside ? LABELLED / 2 : LABELLED) && (
        <text
          x={mx + n.x * 10}
          y={my + n.y * 10 + (beside ? 4 : 0)}
          text-anchor={beside ? "start" : "middle"}
          class="dim"
        >
          {delay}
        </text>
      )}
    </Choice>
  );
}

function Choice(props: {
  readonly label: string;
  readonly class: string;
  readonly on: boolean;
  readonly lit: boolean;
  readonly choose: () => void;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <g
      role="button"
      // In SVG attributes keep their case: "tabIndex" would not be focusable.
      tabindex={0}
      aria-label={props.label}
      aria-pressed={props.on}
      class={`${props.class}${props.on ? " on" : ""}${props.lit ? " lit" : ""}`}
      onClick={props.choose}
      onKeyDown={(e: KeyboardEvent) => {
        if (e.key !== "Enter" && e.key !== " ") return;
        e.preventDefault();
        props.choose();
      }}
    >
      {props.children}
    </g>
  );
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

function centre(b: Box): Point {
  return { x: b.x + b.w / 2, y: b.y + b.h / 2 };
}

function clip(b: Box, from: Point, to: Point): Point {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const k = Math.min(dx === 0 ? 1 : b.w / 2 / Math.abs(dx), dy === 0 ? 1 : b.h / 2 / Math.abs(dy), 1);
  return { x: from.x + dx * k, y: from.y + dy * k };
}

function dotPlace(
  dot: Parameters<typeof drawFlight>[4][number],
  ends: ReadonlyMap<string, Ends>,
  now: number,
): Point | undefined {
  for (const e of ends.values()) {
    if ((e.a === dot.port && e.b === dot.peer) || (e.b === dot.port && e.a === dot.peer)) {
      const k = (now - dot.start) / (dot.end - dot.start);
      const f = e.a === dot.port ? k : 1 - k;
      return { x: e.ax + (e.bx - e.ax) * f, y: e.ay + (e.by - e.ay) * f };
    }
  }
  return undefined;
}

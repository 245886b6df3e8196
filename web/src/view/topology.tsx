// What is connected: SVG that can be focused and read out, and one canvas over it
// for what moves.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { percent, span } from "../core/format";
import { type Edge, type Graph, layout, type Point } from "../core/graph";
import type { Node, ProcStatus } from "../core/protocol";
import { protoOf } from "../core/row";
import { last } from "../core/rows";
import { drawFlight, type Ends } from "./flightcanvas";
import {
  aboutRow,
  flight,
  isAlive,
  lab,
  onFlight,
  pick,
  procOf,
  selectedFrame,
  selectedRow,
  selectSeq,
  specsOf,
  thing,
  topologyGraph,
} from "./store";

const NODE_W = 184;
const HEAD = 30;
const LINE = 20;
const SWITCH = { w: 88, h: 40 };
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

  const shape = t.nodes.map((n) => `${n.name}/${n.ifaces.length}/${specsOf(s, n.name).length}`).join();
  const boxes = useMemo(() => {
    const tallest = Math.max(HEAD, ...t.nodes.map((n) => nodeHeight(n, specsOf(s, n.name).length)));
    const places = layout(g, size.w, size.h - 24, { x: NODE_W / 2 + 24, y: tallest / 2 + 28 });
    const out = new Map<string, Box>();
    for (const v of g.vertices) {
      const p = places.get(v.name) ?? { x: size.w / 2, y: size.h / 2 };
      const n = t.nodes.find((x) => x.name === v.name);
      const w = v.kind === "switch" ? SWITCH.w : NODE_W;
      const h = n === undefined ? SWITCH.h : nodeHeight(n, specsOf(s, n.name).length);
      out.set(v.name, { x: p.x - w / 2, y: p.y - h / 2, w, h });
    }
    return out;
  }, [g, shape, size.w, size.h]);

  const ends = useMemo(() => new Map(g.edges.map((e) => [e.id, edgeEnds(e, g, boxes)])), [g, boxes]);

  useEffect(() => {
    const el = canvas.current;
    if (el === null) return;
    let frame = 0;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const draw = (): void => {
      frame = 0;
      const now = performance.now();
      const dots = flight.at(now);
      drawFlight(el, size.w, size.h, dots, ends, now, selectedFrame.peek(), still.matches);
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
  }, [ends, size.w, size.h]);

  // A frame on the wire can be chosen where it is.
  const onPointer = (e: MouseEvent): void => {
    const rect = pane.current?.getBoundingClientRect();
    if (rect === undefined) return;
    const x = e.clientX - rect.left;
    const y = e.clientY - rect.top;
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
      <svg width={size.w} height={size.h} role="group" aria-label="Nodes, switches and links">
        {g.edges.map((e) => (
          <LinkLine key={e.id} edge={e} ends={ends.get(e.id)} lit={about.edge === e.id} />
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

function nodeHeight(n: Node, procs: number): number {
  return HEAD + (n.ifaces.length + procs) * LINE + 8;
}

function NodeBox(props: { readonly node: Node; readonly box: Box; readonly lit: ReadonlySet<string> }) {
  const { node: n, box: b, lit } = props;
  const s = lab.value;
  const chosen = thing.value;
  const procs = specsOf(s, n.name);
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
      {n.ifaces.map((i, k) => {
        const y = b.y + HEAD + k * LINE;
        const up = s.status?.ifaces.find((x) => x.port === `${n.name}:${i.name}`);
        const where = i.addresses[0] ?? i.mac;
        return (
          <Choice
            key={i.name}
            class="inner"
            label={`interface ${i.name} of ${n.name}, ${where}${up === undefined ? "" : `, link ${up.link}`}`}
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
      {procs.map((p, k) => {
        const y = b.y + HEAD + (n.ifaces.length + k) * LINE;
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
    </>
  );
}

/** A process that leaves its CPU nothing is said to spin. */
export const SPINS = 0.98;

export function procSays(p: ProcStatus | undefined, program: string): { readonly text: string; readonly tone: string } {
  if (p === undefined) return { text: program === "" ? "no program" : "not started", tone: "off" };
  if (!isAlive(p)) {
    if (p.state === "exited") return { text: `exited ${p.exit?.code ?? ""}`, tone: p.exit?.code === 0 ? "off" : "bad" };
    return { text: p.state, tone: "off" };
  }
  if (p.cpu >= SPINS) return { text: "CPU 100 %", tone: "hot" };
  return { text: p.cpu > 0 ? `${p.state} · ${percent(p.cpu)}` : p.state, tone: "alive" };
}

function LinkLine(props: { readonly edge: Edge; readonly ends: Ends | undefined; readonly lit: boolean }) {
  const { edge: e, ends } = props;
  if (ends === undefined) return null;
  const mx = (ends.ax + ends.bx) / 2;
  const my = (ends.ay + ends.by) / 2;
  const upright = Math.abs(ends.bx - ends.ax) < Math.abs(ends.by - ends.ay);
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
      <text
        x={upright ? mx + 12 : mx}
        y={upright ? my + 4 : my - 10}
        text-anchor={upright ? "start" : "middle"}
        class="dim"
      >
        {delay}
      </text>
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
  dot: Parameters<typeof drawFlight>[3][number],
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

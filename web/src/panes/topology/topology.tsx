// What is connected: SVG that can be focused and read out, and one canvas over it
// for what moves.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { edgeId, outside, tunnels } from "../../core/graph";
import { type Box, nodeHeight, type Plan, plan, type Size } from "../../core/plan";
import { aboutRow } from "../../core/thing";
import type { Door, Switch } from "../../protocol/types";
import type { LabSession } from "../../session/session";
import { useLab } from "../../ui/pane";
import { Choice } from "./choice";
import { byPort, dotPlace, drawFlight } from "./flightcanvas";
import { Legend } from "./legend";
import { NodeBox } from "./node";
import css from "./topology.module.css";
import { LinkLine, Tunnel } from "./wires";

export function TopologyPane() {
  const lab = useLab();
  const pane = useRef<HTMLElement>(null);
  const [size, setSize] = useState<Size>({ w: 560, h: 480 });
  const g = lab.graph.value;
  const t = lab.topology.value;

  useEffect(() => {
    const el = pane.current;
    if (el === null) return;
    const watch = new ResizeObserver(() => setSize({ w: el.clientWidth, h: el.clientHeight }));
    watch.observe(el);
    return () => watch.disconnect();
  }, []);

  // What is run at a prompt comes and goes without moving anything: it has a line of
  // its own below the box.
  const heights = t.nodes.map((n) => nodeHeight(lab.node(n.name).ports.value.length, n.procs.length));
  const made = useMemo(
    () => plan(g, new Map(t.nodes.map((n, i) => [n.name, heights[i] ?? 0])), size),
    [g, heights.join(), size.w, size.h],
  );
  const { boxes, ends, zoom } = made;
  const flight = useFlight(lab, made, size);

  // A frame on the wire can be chosen where it is.
  const onPointer = (e: MouseEvent): void => {
    const rect = pane.current?.getBoundingClientRect();
    if (rect === undefined) return;
    const x = (e.clientX - rect.left) * zoom;
    const y = (e.clientY - rect.top) * zoom;
    const now = performance.now();
    for (const dot of lab.flight.at(now)) {
      const p = dotPlace(dot, ends, now);
      if (p !== undefined && Math.hypot(p.x - x, p.y - y) < 10) {
        lab.selectSeq(dot.seq);
        e.stopPropagation();
        return;
      }
    }
  };

  const about = aboutRow(lab.selection.row.value, g.owner);
  return (
    <section class={css.topology} ref={pane} aria-label="Topology" onClickCapture={onPointer}>
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
        <Tunnels boxes={boxes} lit={about.names} />
        {t.switches.map((sw) => {
          const b = boxes.get(sw.name);
          return b && <SwitchBox key={sw.name} is={sw} box={b} lit={about.names.has(sw.name)} />;
        })}
        {t.doors.map((d) => {
          const b = boxes.get(outside(d.port));
          return b && <DoorBox key={d.port} is={d} box={b} lit={about.names.has(outside(d.port))} />;
        })}
        {t.nodes.map((n) => {
          const b = boxes.get(n.name);
          return b && <NodeBox key={n.name} node={n} box={b} lit={about.names} />;
        })}
      </svg>
      <canvas ref={flight.canvas} />
      <Legend crowded={flight.crowded} />
    </section>
  );
}

/** useFlight draws what flies, as long as something does. */
function useFlight(lab: LabSession, made: Plan, size: Size) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [crowded, setCrowded] = useState(false);
  useEffect(() => {
    const el = canvas.current;
    if (el === null) return;
    const { ends, zoom } = made;
    const ports = byPort(ends.values());
    let frame = 0;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const draw = (): void => {
      frame = 0;
      const now = performance.now();
      const dots = lab.flight.at(now);
      const chosen = lab.selection.frame.peek();
      drawFlight(el, size.w, size.h, zoom, dots, ends, ports, now, chosen, still.matches);
      setCrowded(lab.flight.busy(now));
      if (!lab.flight.idle || lab.flight.busy(now)) wake();
    };
    const wake = (): void => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    wake();
    const off = lab.onFlight(wake);
    return () => {
      off();
      cancelAnimationFrame(frame);
    };
  }, [lab, made, size.w, size.h]);
  return { canvas, crowded };
}

function Tunnels(props: { readonly boxes: ReadonlyMap<string, Box>; readonly lit: ReadonlySet<string> }) {
  const lab = useLab();
  const ifaces = lab.topology.value.nodes.flatMap((n) => lab.node(n.name).now.value.ifaces);
  return (
    <>
      {tunnels(ifaces).map(([a, b]) => (
        <Tunnel key={`${a} ${b}`} a={a} b={b} boxes={props.boxes} lit={props.lit.has(a) || props.lit.has(b)} />
      ))}
    </>
  );
}

function SwitchBox(props: { readonly is: Switch; readonly box: Box; readonly lit: boolean }) {
  const { is: sw, box: b } = props;
  const { selection } = useLab();
  const chosen = selection.thing.value;
  return (
    <Choice
      label={`switch ${sw.name}, ${sw.ports.length} ports`}
      on={chosen?.kind === "switch" && chosen.name === sw.name}
      lit={props.lit}
      class="switch"
      choose={() => selection.pick({ kind: "switch", name: sw.name })}
    >
      <rect x={b.x} y={b.y} width={b.w} height={b.h} rx="4" />
      <text x={b.x + b.w / 2} y={b.y + 17} text-anchor="middle" class="name">
        {sw.name}
      </text>
      <text x={b.x + b.w / 2} y={b.y + 32} text-anchor="middle" class="dim">
        switch
      </text>
    </Choice>
  );
}

/** What is outside of a door: the lab knows no more of it than that it is there. */
function DoorBox(props: { readonly is: Door; readonly box: Box; readonly lit: boolean }) {
  const { is: door, box: b } = props;
  const lab = useLab();
  const id = edgeId(door.port, outside(door.port));
  const chosen = lab.selection.thing.value;
  const now = lab.status.value?.doors.find((d) => d.port === door.port);
  const says = now === undefined || now.shut !== "" ? "shut" : now.by === "" ? "nobody" : "outside";
  return (
    <Choice
      label={`door ${door.port}, ${door.kind}: ${says}`}
      on={chosen?.kind === "link" && chosen.id === id}
      lit={props.lit}
      class={`door ${says === "outside" ? "" : "away"}`}
      choose={() => lab.selection.pick({ kind: "link", id })}
    >
      <rect x={b.x} y={b.y} width={b.w} height={b.h} rx="4" />
      <text x={b.x + b.w / 2} y={b.y + 17} text-anchor="middle" class="name">
        {door.kind}
      </text>
      <text x={b.x + b.w / 2} y={b.y + 32} text-anchor="middle" class="dim">
        {says}
      </text>
    </Choice>
  );
}

// Links between boxes, and tunnels, which have no cable.
import { span } from "../../core/format";
import type { Edge } from "../../core/graph";
import { aside, type Box, centre, type Ends } from "../../core/plan";
import { nodeOf } from "../../core/present";
import { useLab } from "../../ui/pane";
import { Choice } from "./choice";

/** The shortest line that has room for its delay. */
const LABELLED = 40;

export function LinkLine(props: { readonly edge: Edge; readonly ends: Ends | undefined; readonly lit: boolean }) {
  const { edge: e, ends } = props;
  const { selection } = useLab();
  const chosen = selection.thing.value;
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
      on={chosen?.kind === "link" && chosen.id === e.id}
      lit={props.lit}
      choose={() => selection.pick({ kind: "link", id: e.id })}
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

/** A point-to-point connection: two tuns, each with the other's address as its peer. No cable is there. */
export function Tunnel(props: {
  readonly a: string;
  readonly b: string;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lit: boolean;
}) {
  const from = props.boxes.get(nodeOf(props.a));
  const to = props.boxes.get(nodeOf(props.b));
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

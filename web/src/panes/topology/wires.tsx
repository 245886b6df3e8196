// Links between boxes, and tunnels, which have no cable.
import { colourOf, holdsBack, isTrunk, vlansOf } from "../../core/fabric";
import { span } from "../../core/format";
import type { Edge, Point } from "../../core/graph";
import { aside, type Box, centre, type Ends } from "../../core/plan";
import { nodeOf } from "../../core/present";
import { useLab } from "../../ui/pane";
import { Choice } from "./choice";

/** The shortest line that has room for its delay. */
const LABELLED = 40;
/** The shortest that has room for what is done to its frames: others say it when they are chosen. */
const WORDY = 150;

export function LinkLine(props: { readonly edge: Edge; readonly ends: Ends | undefined; readonly lit: boolean }) {
  const { edge: e, ends } = props;
  const lab = useLab();
  const { selection } = lab;
  const chosen = selection.thing.value;
  const view = lab.link(e);
  const [a, b] = [view.ends[0].is.value, view.ends[1].is.value];
  const words = [...new Set(view.ends.flatMap((x) => x.way.value?.words ?? []))].join("; ");
  if (ends === undefined) return null;
  // Where both ends are members of the same, or one is no switch's, that is said once.
  const [va, vb] = [vlansOf(a), vlansOf(b)];
  const one = va === vb || va === "" || vb === "" ? va || vb : "";
  const down = [a, b].some((p) => p !== undefined && p.link !== "up");
  const held = [a, b].filter((p) => holdsBack(p));
  const colour = colourOf(a, b);
  const looks = [
    down ? "down" : held.length > 0 ? "held" : "",
    isTrunk(a) || isTrunk(b) ? "trunk" : "",
    colour === undefined ? "" : `vlan${colour}`,
  ];
  const says = [
    down ? "down" : "",
    ...held.map((p) => `${p?.state} at ${p?.port}`),
    [a, b].map(vlansOf).find((v) => v !== "") ?? "",
    words,
  ].filter((s) => s !== "");
  const mx = (ends.ax + ends.bx) / 2;
  const my = (ends.ay + ends.by) / 2;
  const long = Math.hypot(ends.bx - ends.ax, ends.by - ends.ay);
  const n = aside({ x: ends.ax, y: ends.ay }, { x: ends.bx, y: ends.by });
  const beside = n.x > 0.3;
  const delay = e.delay === 0 ? "no delay" : span(e.delay);
  return (
    <Choice
      class={["link", ...looks].filter((s) => s !== "").join(" ")}
      label={[`link ${e.a} to ${e.b}`, delay, ...says].join(", ")}
      on={chosen?.kind === "link" && chosen.id === e.id}
      lit={props.lit}
      choose={() => selection.pick({ kind: "link", id: e.id })}
    >
      <line class="hit" x1={ends.ax} y1={ends.ay} x2={ends.bx} y2={ends.by} />
      <line x1={ends.ax} y1={ends.ay} x2={ends.bx} y2={ends.by} />
      {!down && holdsBack(a) && <Stop x={ends.ax} y={ends.ay} to={{ x: ends.bx, y: ends.by }} />}
      {!down && holdsBack(b) && <Stop x={ends.bx} y={ends.by} to={{ x: ends.ax, y: ends.ay }} />}
      {one !== "" && long >= LABELLED && <Aside n={n} mx={mx} my={my} class="vlan" text={clip(one, 22)} row={0} />}
      {one === "" && long >= 3 * LABELLED && (
        <>
          <EndLabel x={ends.ax} y={ends.ay} to={{ x: ends.bx, y: ends.by }} text={vlansOf(a)} />
          <EndLabel x={ends.bx} y={ends.by} to={{ x: ends.ax, y: ends.ay }} text={vlansOf(b)} />
        </>
      )}
      {words !== "" && long >= LABELLED && (
        <Aside
          n={n}
          mx={mx}
          my={my}
          class="netem"
          text={chosen?.kind === "link" && chosen.id === e.id ? clip(words, 28) : long >= WORDY ? clip(words, 20) : "~"}
          row={one === "" ? 0 : 1}
        />
      )}
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

/** Aside is a line of text beside the middle of a link, on the side where its delay is not. */
function Aside(props: {
  readonly n: Point;
  readonly mx: number;
  readonly my: number;
  readonly class: string;
  readonly text: string;
  readonly row: number;
}) {
  const { n, mx, my, row } = props;
  const beside = n.x > 0.3;
  return (
    <text
      x={mx - n.x * 10}
      y={my - n.y * 10 + (beside ? 4 : 10) + row * 13}
      text-anchor={beside ? "end" : "middle"}
      class={props.class}
    >
      {props.text}
    </text>
  );
}

/** How far from its port a mark of a link's end stands. */
const NEAR = 12;
const LABEL_AT = 30;

/** Stop is a bar across a link, at the port that lets no frame pass. */
function Stop(props: { readonly x: number; readonly y: number; readonly to: Point }) {
  const { x, y, to } = props;
  const len = Math.hypot(to.x - x, to.y - y) || 1;
  const u = { x: (to.x - x) / len, y: (to.y - y) / len };
  const c = { x: x + u.x * NEAR, y: y + u.y * NEAR };
  return <line class="stop" x1={c.x - u.y * 8} y1={c.y + u.x * 8} x2={c.x + u.y * 8} y2={c.y - u.x * 8} />;
}

/** EndLabel says which VLANs the port at an end is a member of. */
function EndLabel(props: { readonly x: number; readonly y: number; readonly to: Point; readonly text: string }) {
  const { x, y, to, text } = props;
  if (text === "") return null;
  const len = Math.hypot(to.x - x, to.y - y) || 1;
  const n = aside({ x, y }, to);
  const at = {
    x: x + ((to.x - x) / len) * LABEL_AT + n.x * 8,
    y: y + ((to.y - y) / len) * LABEL_AT + n.y * 8 + (n.x > 0.3 ? 4 : 0),
  };
  return (
    <text x={at.x} y={at.y} text-anchor={n.x > 0.3 ? "start" : "middle"} class="vlan">
      {clip(text, 18)}
    </text>
  );
}

function clip(text: string, to: number): string {
  return text.length > to ? `${text.slice(0, to - 1)}…` : text;
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

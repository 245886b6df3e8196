// A node's box: its interfaces, its programs, and below it what else runs there. It is
// drawn again when something of this node has changed.
import { arrow } from "../../core/format";
import { type Box, HEAD, LINE, NODE_W, PORTS } from "../../core/plan";
import { procSays } from "../../core/says";
import { type Port, procOf } from "../../core/select";
import type { Node } from "../../protocol/types";
import { useLab } from "../../ui/pane";
import { Choice } from "./choice";

/** Width of a character of an interface's line, in pixels. */
const CHAR = 6.7;

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

export function NodeBox(props: { readonly node: Node; readonly box: Box; readonly lit: ReadonlySet<string> }) {
  const { node: n, box: b, lit } = props;
  const lab = useLab();
  const { selection } = lab;
  const view = lab.node(n.name);
  const now = view.now.value;
  const chosen = selection.thing.value;
  const ports = view.ports.value;
  const drawn = ports.slice(0, PORTS);
  const extra = ports.length > PORTS ? 1 : 0;
  const procs = n.procs;
  const guests = view.visitors.value;
  return (
    <>
      <Choice
        label={`node ${n.name}, ${n.dialect}`}
        class="node"
        focus="topology"
        on={chosen !== undefined && "node" in chosen && chosen.node === n.name}
        lit={lit.has(n.name)}
        choose={() => selection.pick({ kind: "node", node: n.name })}
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
            choose={() => selection.pick({ kind: "iface", node: n.name, iface: i.name })}
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
          choose={() => selection.open(n.name, "network")}
        >
          <rect x={b.x + 4} y={b.y + HEAD + PORTS * LINE} width={b.w - 8} height={LINE} rx="3" />
          <text x={b.x + 12} y={b.y + HEAD + PORTS * LINE + 14} class="dim">
            and {ports.length - PORTS} more
          </text>
        </Choice>
      )}
      {procs.map((p, k) => {
        const y = b.y + HEAD + (drawn.length + extra + k) * LINE;
        const st = procOf(now, p.name);
        const says = procSays(st, p.program);
        return (
          <Choice
            key={p.name}
            class={`inner proc ${says.tone}`}
            label={`program ${p.name} on ${n.name}: ${says.text}`}
            on={chosen?.kind === "proc" && chosen.node === n.name && chosen.proc === p.name}
            lit={lit.has(`${n.name}:${p.name}`)}
            choose={() => selection.pick({ kind: "proc", node: n.name, proc: p.name })}
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
            if (only !== undefined) selection.pick({ kind: "proc", node: n.name, proc: only.proc });
            else selection.open(n.name, "procs");
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

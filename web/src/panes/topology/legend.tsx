// What the colours of the frames in flight mean: of those protocols that were seen lately.
import { holdsBack, isTrunk } from "../../core/fabric";
import { protoOf } from "../../core/row";
import { last } from "../../core/rows";
import { useLab } from "../../ui/pane";

/** Rows that are looked at. */
const LATELY = 200;
const LEGEND: readonly (readonly [string, string])[] = [
  ["arp", "ARP"],
  ["icmp", "ICMP"],
  ["tcp", "TCP"],
  ["udp", "UDP"],
  ["ip6", "IPv6"],
  ["other", "other"],
];

export function Legend(props: { readonly crowded: boolean }) {
  const lab = useLab();
  const ports = [...lab.state.value.fabric.ports.values()];
  const plugged = new Set(lab.graph.value.edges.flatMap((e) => [e.a, e.b]));
  const lines: readonly (readonly [string, string, boolean])[] = [
    ["held", "blocked by the spanning tree", ports.some(holdsBack)],
    ["down", "down", ports.some((p) => p.link !== "up" && plugged.has(p.port))],
    ["trunk", "trunk", ports.some(isTrunk)],
  ];
  const seen = new Set<string>(last(lab.rows.value, LATELY).map(protoOf));
  return (
    <div class="legend">
      {LEGEND.filter(([key]) => seen.has(key)).map(([key, name]) => (
        <span key={key} data-proto={key}>
          <i />
          {name}
        </span>
      ))}
      {lines.map(
        ([look, name, there]) =>
          there && (
            <span key={look}>
              <i class={look} />
              {name}
            </span>
          ),
      )}
      {props.crowded && <span class="warn">busy: not every frame is drawn</span>}
    </div>
  );
}

// What the colours of the frames in flight mean: of those protocols that were seen lately.
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
  const seen = new Set<string>(last(useLab().rows.value, LATELY).map(protoOf));
  return (
    <div class="legend">
      {LEGEND.filter(([key]) => seen.has(key)).map(([key, name]) => (
        <span key={key} data-proto={key}>
          <i />
          {name}
        </span>
      ))}
      {props.crowded && <span class="warn">busy: not every frame is drawn</span>}
    </div>
  );
}

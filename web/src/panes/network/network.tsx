// A node's network: its interfaces, with the counters of one, and its routes.
import { arrow, grouped } from "../../core/format";
import type { IfaceStatus } from "../../protocol/types";
import { type OfNode, useLab } from "../../ui/pane";
import css from "./network.module.css";

/** Routes shown; netstat -rn has them all. */
const ROUTES = 64;

export function Network(props: OfNode) {
  const { node } = props;
  const lab = useLab();
  const ports = lab.node(node).ports.value;
  const chosen = ports.find((p) => p.name === props.iface) ?? ports[0];
  const counter = (name: string, counters: IfaceStatus["counters"] = {}): string => grouped(counters[name] ?? 0);
  const net = lab.node(node).net.value;
  return (
    <div class={`scroll pad tables ${css.network}`} data-testid="network">
      <table class="list">
        <caption>Interfaces</caption>
        <thead>
          <tr>
            <th>name</th>
            <th>addresses</th>
            <th>flags</th>
            <th>plugged into</th>
            <th class="num">in</th>
            <th class="num">out</th>
          </tr>
        </thead>
        <tbody>
          {ports.map((p) => (
            <tr key={p.name} class={p === chosen ? "on" : ""}>
              <td class="mono">
                <button
                  type="button"
                  class="plain"
                  aria-pressed={p === chosen}
                  onClick={() => lab.selection.pick({ kind: "iface", node, iface: p.name })}
                >
                  {p.name}
                </button>
              </td>
              <td class="mono">{p.addresses.length === 0 ? "" : p.addresses.map(arrow).join(", ")}</td>
              <td>{p.status === undefined ? "not there: nobody has opened it" : p.status.flags.join(", ")}</td>
              <td class="mono">{p.port}</td>
              <td class="num">{counter("ipackets", p.status?.counters)}</td>
              <td class="num">{counter("opackets", p.status?.counters)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table class="list">
        <caption>
          Routes{" "}
          <span class="dim">
            {net?.forward === true ? "· passes on packets for others" : "· passes on nothing for others"}
          </span>
        </caption>
        <thead>
          <tr>
            <th>destination</th>
            <th>gateway</th>
            <th>interface</th>
            <th>flags</th>
          </tr>
        </thead>
        <tbody>
          {(net?.routes ?? []).slice(0, ROUTES).map((r) => (
            <tr key={r.to}>
              <td class="mono">{destination(r.to)}</td>
              <td class="mono">{r.via}</td>
              <td class="mono">{r.dev}</td>
              <td class="mono">{r.flags}</td>
            </tr>
          ))}
          {(net?.routes.length ?? 0) === 0 && (
            <tr>
              <td class="dim" colSpan={4}>
                None: an address makes a route to its network.
              </td>
            </tr>
          )}
          {(net?.routes.length ?? 0) > ROUTES && (
            <tr>
              <td class="dim" colSpan={4}>
                and {(net?.routes.length ?? 0) - ROUTES} more: netstat -rn at the prompt shows them
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {chosen !== undefined && (
        <dl aria-label={`Interface ${chosen.name}`} data-testid="device">
          <dt>interface</dt>
          <dd>
            {chosen.name}
            {chosen.kind !== "nic" && <span class="dim"> /dev/{chosen.name}</span>}
          </dd>
          <dt>hardware address</dt>
          <dd>{chosen.mac !== "" && chosen.kind !== "tun" ? chosen.mac : "none"}</dd>
          <dt>mtu</dt>
          <dd>{grouped(chosen.status?.mtu ?? 0)}</dd>
          <dt>link</dt>
          <dd>{chosen.status?.link ?? "unknown"}</dd>
          <dt>queue</dt>
          <dd>{grouped(chosen.status?.qlen ?? 0)} waiting</dd>
          {Object.entries(chosen.status?.counters ?? {}).map(([name, n]) => (
            <>
              <dt>{name}</dt>
              <dd>{grouped(n)}</dd>
            </>
          ))}
        </dl>
      )}
    </div>
  );
}

function destination(to: string): string {
  if (to === "0.0.0.0/0") return "default";
  if (to === "::/0") return "default (IPv6)";
  return to.replace(/^(\d+\.\d+\.\d+\.\d+)\/32$/, "$1").replace(/\/128$/, "");
}

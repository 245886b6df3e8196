// A port of a switch in the drawer: what it has counted, and what one can do to it.
import { useState } from "preact/hooks";
import { count, grouped } from "../../core/format";
import { useLab } from "../../ui/pane";

export function PortControls(props: { readonly port: string }) {
  const { port } = props;
  const lab = useLab();
  const is = lab.state.value.fabric.ports.get(port);
  const edge = lab.graph.value.edges.find((e) => e.a === port || e.b === port);
  if (is === undefined) return null;
  const off = is.link === "off";
  const aware = is.access !== 0 || is.native !== 0 || is.tagged !== "" || is.untagged !== "";
  return (
    <div class="port" data-testid="port">
      <h3 class="mono">{port}</h3>
      <div class="group">
        <button
          type="button"
          data-testid="port-power"
          disabled={!lab.live.value}
          title="Both ends see that the link is down, or up"
          onClick={() => void lab.send({ op: "port", port, link: off ? "up" : "down" })}
        >
          switch {off ? "on" : "off"}
        </button>
        {edge === undefined ? (
          <PlugIn port={port} />
        ) : (
          <>
            <button
              type="button"
              data-testid="unplug"
              disabled={!lab.live.value}
              onClick={() => void lab.send({ op: "unplug", port })}
            >
              unplug
            </button>
            <button type="button" onClick={() => lab.selection.pick({ kind: "link", id: edge.id })}>
              its link
            </button>
          </>
        )}
      </div>
      {aware && <Membership key={`${is.access} ${is.native} ${is.tagged}`} port={port} />}
      {is.guarded !== "" && <p class="bad">{is.guarded}</p>}
      <dl aria-label={`Counters of ${port}`}>
        {is.cost > 0 && (
          <>
            <dt>cost of its path</dt>
            <dd>{grouped(is.cost)}</dd>
          </>
        )}
        <dt>flooded</dt>
        <dd>{count(is.flooded, "frame")}</dd>
        <dt>addresses learned</dt>
        <dd>
          {grouped(is.learned)}
          {is.moved > 0 && `, ${grouped(is.moved)} moved here`}
        </dd>
        {is.dropped.map((d) => (
          <>
            <dt>dropped: {d.why}</dt>
            <dd>{grouped(d.n)}</dd>
          </>
        ))}
      </dl>
    </div>
  );
}

/** Which VLANs the port is a member of. */
function Membership(props: { readonly port: string }) {
  const { port } = props;
  const lab = useLab();
  const is = lab.state.peek().fabric.ports.get(port);
  const [kind, setKind] = useState(is !== undefined && is.access !== 0 ? "access" : "trunk");
  const [access, setAccess] = useState(String(is?.access || 1));
  const [native, setNative] = useState(is?.native ? String(is.native) : "");
  const [trunk, setTrunk] = useState(is?.tagged ?? "");
  const send = (e: Event): void => {
    e.preventDefault();
    const of =
      kind === "access" ? { access: vlan(access), native: 0, trunk: "" } : { access: 0, native: vlan(native), trunk };
    void lab.send({ op: "vlan", port, ...of });
  };
  return (
    <form class="group" aria-label={`VLANs of ${port}`} data-testid="vlans" onSubmit={send}>
      <select aria-label="kind of port" value={kind} onChange={(e) => setKind(e.currentTarget.value)}>
        <option value="access">access</option>
        <option value="trunk">trunk</option>
      </select>
      {kind === "access" ? (
        <input size={5} aria-label="VLAN" value={access} onInput={(e) => setAccess(e.currentTarget.value)} />
      ) : (
        <>
          <input
            size={12}
            aria-label="VLANs with a tag"
            placeholder="10,20-30"
            value={trunk}
            onInput={(e) => setTrunk(e.currentTarget.value)}
          />
          <input
            size={5}
            aria-label="native VLAN"
            placeholder="native"
            value={native}
            onInput={(e) => setNative(e.currentTarget.value)}
          />
        </>
      )}
      <button type="submit" disabled={!lab.live.value}>
        set
      </button>
    </form>
  );
}

/** vlan is a number that was typed; what is none is sent as one that is refused with the reason. */
function vlan(text: string): number {
  if (text.trim() === "") return 0;
  const n = Number(text);
  return Number.isInteger(n) ? n : -1;
}

/** Where a cable from a port that has none may go. */
function PlugIn(props: { readonly port: string }) {
  const lab = useLab();
  const { edges } = lab.graph.value;
  const used = new Set(edges.flatMap((e) => [e.a, e.b]));
  const t = lab.topology.value;
  const free = [
    ...t.nodes.flatMap((n) => n.ifaces.filter((i) => i.kind !== "tun").map((i) => `${n.name}:${i.name}`)),
    ...t.switches.flatMap((s) => s.ports),
  ].filter((p) => p !== props.port && !used.has(p));
  return (
    <select
      aria-label={`plug ${props.port} into`}
      value=""
      disabled={!lab.live.value || free.length === 0}
      onChange={(e) => void lab.send({ op: "plug", a: props.port, b: e.currentTarget.value, delay: 0 })}
    >
      <option value="">{free.length === 0 ? "nothing is free to plug into" : "plug into …"}</option>
      {free.map((p) => (
        <option key={p} value={p}>
          {p}
        </option>
      ))}
    </select>
  );
}

// Switches and links in the drawer: what goes through them.
import { bytes, count, span } from "../../core/format";
import type { Edge } from "../../core/graph";
import type { Traffic } from "../../core/state";
import { useLab } from "../../ui/pane";
import { Frame } from "./frame";

export function SwitchDrawer(props: { readonly name: string }) {
  const lab = useLab();
  const { learned, unlearned, traffic } = lab.state.value;
  const table = learned.get(props.name);
  const ports = lab.topology.value.switches.find((s) => s.name === props.name)?.ports ?? [];
  return (
    <Frame title={`switch ${props.name}`}>
      <div class="columns">
        <dl aria-label="Ports">
          {ports.map((p) => (
            <>
              <dt>{p}</dt>
              <dd>{count(traffic.get(p)?.frames ?? 0, "frame")} sent</dd>
            </>
          ))}
        </dl>
        {(unlearned.get(props.name) ?? 0) > 0 && (
          <p class="teach">
            {count(unlearned.get(props.name) ?? 0, "change")} of the learned addresses came faster than people read: the
            page was told their number only, so the list may be wrong by them.
          </p>
        )}
        {table === undefined || table.size === 0 ? (
          <p class="teach">No address learned yet: a switch learns where an address is when a frame comes from it.</p>
        ) : (
          <dl aria-label="Learned addresses">
            {[...table].map(([mac, port]) => (
              <>
                <dt class="mono">{mac}</dt>
                <dd>at {port}</dd>
              </>
            ))}
          </dl>
        )}
      </div>
    </Frame>
  );
}

export function LinkDrawer(props: { readonly edge: Edge }) {
  const { a, b, delay } = props.edge;
  const link = useLab().link(props.edge);
  const way = (from: string, to: string, t: Traffic) => {
    return (
      <>
        <dt>
          {from} → {to}
        </dt>
        <dd>
          {count(t.frames, "frame")}, {bytes(t.bytes)}
        </dd>
      </>
    );
  };
  return (
    <Frame title={`link ${a} – ${b}`}>
      <dl>
        <dt>delay, each way</dt>
        <dd>{delay === 0 ? "none" : span(delay)}</dd>
        {way(a, b, link.a.value)}
        {way(b, a, link.b.value)}
      </dl>
    </Frame>
  );
}

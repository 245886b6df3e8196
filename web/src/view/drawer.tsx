// The drawer: the selected thing, what it does, and what one can do to it.
import { useRef, useState } from "preact/hooks";
import { bytes, count, grouped, percent, seconds, span } from "../core/format";
import type { Edge } from "../core/graph";
import type { Iface, Node, ProcSpec } from "../core/protocol";
import { rowText } from "../core/row";
import { last } from "../core/rows";
import { CALLS, procKey } from "../core/state";
import { ConsoleTab } from "./console";
import {
  busy,
  dismissRefusal,
  giveProgram,
  isAlive,
  lab,
  live,
  pick,
  procOf,
  refused,
  selectSeq,
  send,
  specsOf,
  type Tab,
  tab,
  thing,
  topologyGraph,
} from "./store";
import { procSays, SPINS } from "./topology";

export function Drawer() {
  const t = thing.value;
  if (t === undefined) {
    return (
      <Frame title="Nothing selected">
        Choose a node, a program, a switch or a link in the topology to see it here.
      </Frame>
    );
  }
  switch (t.kind) {
    case "switch":
      return <SwitchDrawer name={t.name} />;
    case "link": {
      const e = topologyGraph.value.edges.find((x) => x.id === t.id);
      return e === undefined ? <Frame title="This link is not there any more" /> : <LinkDrawer edge={e} />;
    }
    case "node":
    case "proc":
    case "iface": {
      const node = lab.value.topology.nodes.find((n) => n.name === t.node);
      if (node === undefined) return <Frame title={`${t.node} is not there any more`} />;
      const specs = specsOf(lab.value, node.name);
      const proc = t.kind === "proc" ? specs.find((p) => p.name === t.proc) : (specs.find((p) => p.slot) ?? specs[0]);
      const iface = t.kind === "iface" ? node.ifaces.find((i) => i.name === t.iface) : node.ifaces[0];
      return <NodeDrawer key={node.name} node={node} proc={proc} iface={iface} specs={specs} />;
    }
    default:
      return t satisfies never;
  }
}

function Frame(props: { readonly title: string; readonly children?: preact.ComponentChildren }) {
  return (
    <section class="drawer" aria-label="Selected thing">
      <div class="bar">
        <h2>{props.title}</h2>
      </div>
      <div class="body pad">{props.children}</div>
    </section>
  );
}

function NodeDrawer(props: {
  readonly node: Node;
  readonly proc: ProcSpec | undefined;
  readonly iface: Iface | undefined;
  readonly specs: readonly ProcSpec[];
}) {
  const { node, proc, iface } = props;
  const [over, setOver] = useState(false);
  const slot = proc?.slot === true ? proc : undefined;
  const tabs: readonly (readonly [Tab, string])[] = [
    ["console", "console"],
    ...(proc === undefined ? [] : [["calls", "strace"] as const]),
    ...(iface === undefined ? [] : [["device", `device ${iface.name}`] as const]),
  ];
  const shown = tabs.some(([k]) => k === tab.value) ? tab.value : "console";
  return (
    <section
      class={`drawer${over ? " over" : ""}`}
      aria-label={`Node ${node.name}`}
      onDragOver={(e) => {
        if (slot === undefined) return;
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        const file = e.dataTransfer?.files[0];
        if (slot !== undefined && file !== undefined) void giveProgram(node.name, slot.name, file);
      }}
    >
      <div class="bar">
        <h2>
          {node.name}
          {proc !== undefined && ": "}
          {props.specs.length > 1 ? (
            <select
              aria-label="program"
              value={proc?.name}
              onChange={(e) => pick({ kind: "proc", node: node.name, proc: e.currentTarget.value })}
            >
              {props.specs.map((p) => (
                <option key={p.name} value={p.name}>
                  {p.name}
                </option>
              ))}
            </select>
          ) : (
            proc?.name
          )}
        </h2>
        {proc === undefined ? (
          <span class="dim">No program runs on {node.name}: run one at its prompt.</span>
        ) : (
          <Proc node={node.name} spec={proc} />
        )}
        <span class="grow" />
        <div class="tabs" role="tablist" aria-label={`Views of ${node.name}`}>
          {tabs.map(([key, name]) => (
            <button
              key={key}
              type="button"
              role="tab"
              aria-selected={shown === key}
              data-testid={`tab-${key}`}
              onClick={() => {
                tab.value = key;
              }}
            >
              {name}
            </button>
          ))}
        </div>
      </div>
      {proc !== undefined && <Refusal node={node.name} proc={proc.name} />}
      <div class="body" role="tabpanel" aria-label={shown}>
        {over && <p class="drophere">Drop a .wasm here: it becomes {slot?.name} and is started.</p>}
        {shown === "console" && <ConsoleTab node={node.name} specs={props.specs} />}
        {shown === "calls" && proc !== undefined && <Calls node={node.name} proc={proc.name} />}
        {shown === "device" && iface !== undefined && <Device node={node} iface={iface} />}
      </div>
    </section>
  );
}

function Refusal(props: { readonly node: string; readonly proc: string }) {
  const said = refused.value.get(procKey(props.node, props.proc));
  return (
    <div aria-live="assertive">
      {said !== undefined && (
        <div class="banner error" data-testid="upload-error">
          <span>{said}</span>
          <button type="button" onClick={() => dismissRefusal(props.node, props.proc)}>
            dismiss
          </button>
        </div>
      )}
    </div>
  );
}

function Proc(props: { readonly node: string; readonly spec: ProcSpec }) {
  const { node, spec } = props;
  const file = useRef<HTMLInputElement>(null);
  const p = procOf(lab.value, node, spec.name);
  const says = procSays(p, spec.program);
  const alive = p !== undefined && isAlive(p);
  const doing = busy.value.get(procKey(node, spec.name));
  const off = !live.value || doing !== undefined;
  const program = p?.program || spec.program;
  const known = lab.value.topology.nodes.some((n) => n.name === node && n.procs.some((x) => x.name === spec.name));
  const command = (op: "start" | "stop" | "kill"): void => {
    void send({ op, node, proc: spec.name });
  };
  return (
    <>
      <span class={`procstate ${says.tone}`} data-testid="proc-state">
        {p === undefined ? says.text : p.state}
        {p?.state === "sleeping" && p.wchan !== "" && <span class="dim"> on {p.wchan}</span>}
        {p?.exit !== undefined && !alive && (
          <span title={p.exit.why}>
            {" "}
            with code {p.exit.code}
            {p.exit.why !== "" && `: ${p.exit.why}`}
          </span>
        )}
      </span>
      {p !== undefined && (
        <span class="figures">
          <span>
            <span class="dim">fuel</span> {grouped(p.fuel)}
          </span>
          {alive && (
            <span
              class={p.cpu >= SPINS ? "hot" : ""}
              title={`Share of ${node}'s CPU over the last virtual second`}
              data-testid="cpu"
            >
              <span class="dim">CPU</span>{" "}
              <meter min={0} max={1} value={p.cpu} aria-label={`CPU share of ${spec.name}`} /> {percent(p.cpu)}
            </span>
          )}
          {alive && p.memory > 0 && (
            <span>
              <span class="dim">memory</span> {bytes(p.memory)}
            </span>
          )}
        </span>
      )}
      <span class="dim program" title="the program">
        {doing ?? (program === "" ? "no program yet: upload a .wasm" : program)}
      </span>
      <div class="group">
        {known && (
          <button
            type="button"
            disabled={off || alive || program === ""}
            onClick={() => command("start")}
            data-testid="start"
          >
            start
          </button>
        )}
        <button
          type="button"
          disabled={off || !alive}
          onClick={() => command("stop")}
          title="SIGTERM"
          data-testid="stop"
        >
          stop
        </button>
        <button
          type="button"
          disabled={off || !alive}
          onClick={() => command("kill")}
          title="SIGKILL"
          data-testid="kill"
        >
          kill
        </button>
        {spec.slot && (
          <>
            <button
              type="button"
              disabled={off}
              onClick={() => file.current?.click()}
              title="Choose a WebAssembly program, or drop one here: it takes this one's place and is started"
              data-testid="upload"
            >
              upload .wasm
            </button>
            <input
              ref={file}
              type="file"
              accept=".wasm,application/wasm"
              hidden
              data-testid="file"
              onChange={(e) => {
                const chosen = e.currentTarget.files?.[0];
                // The same file may be chosen again after it was built anew.
                e.currentTarget.value = "";
                if (chosen !== undefined) void giveProgram(node, spec.name, chosen);
              }}
            />
          </>
        )}
      </div>
    </>
  );
}

/** Calls shown; older ones are in the time line. */
const SHOWN = 200;

function Calls(props: { readonly node: string; readonly proc: string }) {
  const rows = lab.value.calls.get(procKey(props.node, props.proc));
  if (rows === undefined) {
    return (
      <p class="teach">
        No device call yet. Each open, read, write, ioctl and poll of {props.proc} will be a line here.
      </p>
    );
  }
  return (
    <div class="scroll mono" data-testid="calls">
      {last(rows, SHOWN)
        .toReversed()
        .map((e) => {
          const t = rowText(e);
          return (
            <button
              key={e.seq}
              type="button"
              class="plain line"
              onClick={() => selectSeq(e.seq)}
              title="Show it in the time line"
            >
              <span class="dim">{seconds(e.at)}</span> {t.what}
              {t.error !== "" && <b class="bad"> {t.error}</b>} <span class="dim">{t.more}</span>
            </button>
          );
        })}
      <p class="dim">
        newest first, {count(Math.min(rows.length, SHOWN), "call")} of {grouped(rows.first + rows.length)}
        {rows.first > 0 && ` (at most ${grouped(CALLS)} are kept)`}
      </p>
    </div>
  );
}

function Device(props: { readonly node: Node; readonly iface: Iface }) {
  const { node, iface } = props;
  const port = `${node.name}:${iface.name}`;
  const st = lab.value.status?.ifaces.find((i) => i.port === port);
  return (
    <div class="scroll pad columns" data-testid="device">
      <dl>
        <dt>interface</dt>
        <dd>
          {node.ifaces.length > 1 ? (
            <select
              aria-label="interface"
              value={iface.name}
              onChange={(e) => pick({ kind: "iface", node: node.name, iface: e.currentTarget.value })}
            >
              {node.ifaces.map((i) => (
                <option key={i.name} value={i.name}>
                  {i.name}
                </option>
              ))}
            </select>
          ) : (
            iface.name
          )}
          {iface.kind !== "nic" && <span class="dim"> /dev/{iface.name}</span>}
        </dd>
        <dt>flags</dt>
        <dd>{st === undefined || st.flags.length === 0 ? "none" : st.flags.join(", ")}</dd>
        <dt>link</dt>
        <dd>{st?.link ?? "unknown"}</dd>
        <dt>hardware address</dt>
        <dd>{iface.mac || "none"}</dd>
        <dt>addresses</dt>
        <dd>{iface.addresses.join(", ") || "none"}</dd>
        <dt>plugged into</dt>
        <dd>{iface.port || "nothing"}</dd>
        <dt>queue</dt>
        <dd>{count(st?.qlen ?? 0, "packet")} waiting</dd>
      </dl>
      <dl>
        {st?.counters.map(([name, n]) => (
          <>
            <dt>{name}</dt>
            <dd>{grouped(n)}</dd>
          </>
        ))}
      </dl>
    </div>
  );
}

function SwitchDrawer(props: { readonly name: string }) {
  const table = lab.value.learned.get(props.name);
  const ports = lab.value.topology.switches.find((s) => s.name === props.name)?.ports ?? [];
  return (
    <Frame title={`switch ${props.name}`}>
      <div class="columns">
        <dl aria-label="Ports">
          {ports.map((p) => (
            <>
              <dt>{p}</dt>
              <dd>{count(lab.value.traffic.get(p)?.frames ?? 0, "frame")} sent</dd>
            </>
          ))}
        </dl>
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

function LinkDrawer(props: { readonly edge: Edge }) {
  const { a, b, delay } = props.edge;
  const way = (from: string, to: string) => {
    const t = lab.value.traffic.get(from) ?? { frames: 0, bytes: 0 };
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
        {way(a, b)}
        {way(b, a)}
      </dl>
    </Frame>
  );
}

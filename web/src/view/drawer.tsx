// The drawer: the selected thing, what it does, and what one can do to it.
import { useState } from "preact/hooks";
import { bytes, count, seconds, span } from "../core/format";
import type { Edge } from "../core/graph";
import { procKey } from "../core/state";
import type { Node, ProcSpec } from "../protocol/types";
import { ConsoleTab } from "./console";
import { Network } from "./network";
import { Proc } from "./proc";
import { Processes } from "./processes";
import {
  dismissRefusal,
  giveProgram,
  isAlive,
  lab,
  limitsRead,
  pick,
  procOf,
  refused,
  specsOf,
  type Tab,
  tab,
  thing,
  topologyGraph,
  visitors,
} from "./store";
import { Strace } from "./strace";

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
      const iface = t.kind === "iface" ? t.iface : node.ifaces[0]?.name;
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
  readonly iface: string | undefined;
  readonly specs: readonly ProcSpec[];
}) {
  const { node, proc } = props;
  const [over, setOver] = useState(false);
  const slot = proc?.slot === true ? proc : undefined;
  const more = visitors(lab.value, node.name).length;
  const tabs: readonly (readonly [Tab, string])[] = [
    ["console", "console"],
    ["calls", "strace"],
    ["procs", more === 0 ? "processes" : `processes +${more}`],
    ["network", "network"],
  ];
  const shown = tab.value;
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
          {props.specs.length > 1 ? <Choose node={node} specs={props.specs} proc={proc} /> : proc?.name}
        </h2>
        {proc === undefined ? (
          <span class="dim">No program runs on {node.name}: run one at its prompt.</span>
        ) : (
          <Proc node={node.name} spec={proc} />
        )}
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
      <Limits node={node.name} />
      <div class="body" role="tabpanel" aria-label={shown}>
        {over && <p class="drophere">Drop a .wasm here: it becomes {slot?.name} and is started.</p>}
        {slot !== undefined && (shown === "console" || shown === "calls") && <EmptySlot node={node.name} slot={slot} />}
        {shown === "console" && <ConsoleTab node={node.name} specs={props.specs} />}
        {shown === "calls" && <Strace node={node.name} proc={proc?.name} />}
        {shown === "procs" && <Processes node={node} specs={props.specs} />}
        {shown === "network" && <Network node={node.name} iface={props.iface} />}
      </div>
    </section>
  );
}

/** The node's programs, those that came later, and those that are gone. */
function Choose(props: {
  readonly node: Node;
  readonly specs: readonly ProcSpec[];
  readonly proc: ProcSpec | undefined;
}) {
  const { node, specs, proc } = props;
  const own = new Set(node.procs.map((p) => p.name));
  const alive = (p: ProcSpec): boolean => {
    const st = procOf(lab.value, node.name, p.name);
    return st !== undefined && isAlive(st);
  };
  const groups: readonly (readonly [string, readonly ProcSpec[]])[] = [
    ["of the lab", specs.filter((p) => own.has(p.name))],
    ["running", specs.filter((p) => !own.has(p.name) && alive(p))],
    ["ended", specs.filter((p) => !own.has(p.name) && !alive(p))],
  ];
  return (
    <select
      aria-label="program"
      value={proc?.name}
      data-testid="program"
      onChange={(e) => pick({ kind: "proc", node: node.name, proc: e.currentTarget.value })}
    >
      {groups.map(
        ([name, list]) =>
          list.length > 0 && (
            <optgroup key={name} label={name}>
              {list.map((p) => (
                <option key={p.name} value={p.name}>
                  {p.name}
                </option>
              ))}
            </optgroup>
          ),
      )}
    </select>
  );
}

/** What would go into a slot that has no program. */
function EmptySlot(props: { readonly node: string; readonly slot: ProcSpec }) {
  const { node, slot } = props;
  if ((procOf(lab.value, node, slot.name)?.program || slot.program) !== "") return null;
  return (
    <p class="teach empty-slot" data-testid="empty-slot">
      Your program goes here. Upload a .wasm, built from C or Go as the brief says, or drop it on this drawer: it is
      started as <code>{slot.argv.join(" ")}</code>
    </p>
  );
}

/** Limits that took effect on a node and that nobody has read. */
function Limits(props: { readonly node: string }) {
  const read = limitsRead.value.get(props.node) ?? -1;
  const all = (lab.value.limits.get(props.node) ?? []).filter((l) => l.seq > read);
  const newest = all.at(-1);
  return (
    <div aria-live="polite">
      {newest !== undefined && (
        <div class="banner warn limit" data-testid="limit">
          <span>
            {newest.proc === "" ? "" : `${newest.proc}: `}limit {newest.op}: {newest.text}
            <span class="when">
              {" "}
              at {seconds(newest.at)} s{all.length > 1 && `, and ${all.length - 1} before`}
            </span>
          </span>
          <button
            type="button"
            class="small"
            onClick={() => {
              limitsRead.value = new Map(limitsRead.value).set(props.node, newest.seq);
            }}
          >
            dismiss
          </button>
        </div>
      )}
    </div>
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
        {(lab.value.unlearned.get(props.name) ?? 0) > 0 && (
          <p class="teach">
            {count(lab.value.unlearned.get(props.name) ?? 0, "change")} of the learned addresses came faster than people
            read: the page was told their number only, so the list may be wrong by them.
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

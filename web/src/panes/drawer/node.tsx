// A node in the drawer: its program, what one can do to that, and the node's views.
import { useState } from "preact/hooks";
import { commandLine, seconds } from "../../core/format";
import { livesAs, procOf } from "../../core/select";
import type { Node, ProcSpec } from "../../protocol/types";
import { useLab, useNodePanes } from "../../ui/pane";
import { onArrow } from "../../ui/roving";
import css from "./drawer.module.css";
import { Proc } from "./proc";

export function NodeDrawer(props: {
  readonly node: Node;
  readonly proc: ProcSpec | undefined;
  readonly iface: string | undefined;
  readonly specs: readonly ProcSpec[];
}) {
  const { node, proc } = props;
  const [over, setOver] = useState(false);
  const slot = proc?.slot === true ? proc : undefined;
  const lab = useLab();
  const tab = lab.selection.tab;
  const tabs = useNodePanes();
  const shown = tabs.find((p) => p.id === tab.value) ?? tabs[0];
  return (
    <section
      class={`${css.drawer}${over ? " over" : ""}`}
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
        if (slot !== undefined && file !== undefined) void lab.programs.give(node.name, slot.name, file);
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
        <div class="tabs" role="tablist" aria-label={`Views of ${node.name}`} onKeyDown={onArrow}>
          {tabs.map((p) => (
            <button
              key={p.id}
              type="button"
              role="tab"
              tabIndex={shown === p ? 0 : -1}
              aria-selected={shown === p}
              data-testid={`tab-${p.id}`}
              onClick={() => {
                tab.value = p.id;
              }}
            >
              {p.title}
              {p.badge?.(lab, node.name)}
            </button>
          ))}
        </div>
      </div>
      {proc !== undefined && <Refusal node={node.name} proc={proc.name} />}
      <Limits node={node.name} />
      <div class="body" role="tabpanel" aria-label={shown?.title}>
        {over && <p class="drophere">Drop a .wasm here: it becomes {slot?.name} and is started.</p>}
        {slot !== undefined && shown?.ofProc === true && <EmptySlot node={node.name} slot={slot} />}
        {shown !== undefined && <shown.component node={node.name} proc={proc} iface={props.iface} />}
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
  const lab = useLab();
  const now = lab.node(node.name).now.value;
  const own = new Set(node.procs.map((p) => p.name));
  const alive = (p: ProcSpec): boolean => livesAs(now, p.name);
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
      onChange={(e) => lab.selection.pick({ kind: "proc", node: node.name, proc: e.currentTarget.value })}
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
  const now = useLab().node(node).now.value;
  if ((procOf(now, slot.name)?.program || slot.program) !== "") return null;
  return (
    <p class="teach empty-slot" data-testid="empty-slot">
      Your program goes here. Upload a .wasm, built from C or Go as the brief says, or drop it on this drawer: it is
      started as <code title={slot.argv.join(" ")}>{commandLine(slot.argv)}</code>
    </p>
  );
}

/** Limits that took effect on a node and that nobody has read. */
function Limits(props: { readonly node: string }) {
  const lab = useLab();
  const read = lab.limitsRead.value.get(props.node) ?? -1;
  const all = lab.node(props.node).limits.value.filter((l) => l.seq > read);
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
              lab.limitsRead.value = new Map(lab.limitsRead.value).set(props.node, newest.seq);
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
  const { programs } = useLab();
  const said = programs.refused(props.node, props.proc);
  return (
    <div aria-live="assertive">
      {said !== undefined && (
        <div class="banner error" data-testid="upload-error">
          <span>{said}</span>
          <button type="button" onClick={() => programs.dismiss(props.node, props.proc)}>
            dismiss
          </button>
        </div>
      )}
    </div>
  );
}

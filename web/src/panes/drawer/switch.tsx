// A switch in the drawer: its ports, what one can do to them, its spanning tree and table.
import { useState } from "preact/hooks";
import { holdsBack, rootName, vlansOf } from "../../core/fabric";
import { count, grouped, seconds } from "../../core/format";
import { inVLAN, treeWords } from "../../core/row";
import { decodeTable } from "../../protocol/decode";
import type { PortState, SwitchNow, TableResult } from "../../protocol/types";
import { useLab } from "../../ui/pane";
import { Frame } from "./frame";
import { PortControls } from "./port";

/** Addresses that are listed; the server gives no more at once. */
const ADDRESSES = 256;

export function SwitchDrawer(props: { readonly name: string }) {
  const { name } = props;
  const lab = useLab();
  const { fabric, traffic } = lab.state.value;
  const now = fabric.switches.get(name);
  const ports = lab.topology.value.switches.find((s) => s.name === name)?.ports ?? [];
  const [chosen, setChosen] = useState<string>();
  return (
    <Frame title={`switch ${name}`}>
      <div class="tables fabric">
        {now === undefined ? (
          <dl aria-label="Ports">
            {ports.map((p) => (
              <>
                <dt>{p}</dt>
                <dd>{count(traffic.get(p)?.frames ?? 0, "frame")} sent</dd>
              </>
            ))}
          </dl>
        ) : (
          <Ports names={ports} chosen={chosen} choose={setChosen} />
        )}
        {chosen !== undefined && ports.includes(chosen) && <PortControls key={chosen} port={chosen} />}
        {now?.tree !== undefined && <Tree name={name} now={now} />}
        <Addresses key={name} name={name} now={now} />
      </div>
    </Frame>
  );
}

/** dropped is how many frames a port has dropped of those that came in. */
function dropped(p: PortState): number {
  return p.dropped.reduce((n, d) => n + d.n, 0);
}

/** stateOf says whether a port has a link, and what it is in the spanning tree. */
function stateOf(p: PortState | undefined): string {
  if (p === undefined) return "";
  if (p.guarded !== "") return "shut by a guard";
  if (p.link !== "up" || p.role === "") return p.link;
  return [p.role, p.state, ...p.flags].join(", ");
}

function Ports(props: {
  readonly names: readonly string[];
  readonly chosen: string | undefined;
  readonly choose: (port: string) => void;
}) {
  const lab = useLab();
  const { ports } = lab.state.value.fabric;
  const edges = lab.graph.value.edges;
  const all = props.names.map((name) => ({ name, is: ports.get(name) }));
  const tree = all.some((p) => (p.is?.role ?? "") !== "");
  const vlans = all.some((p) => vlansOf(p.is) !== "");
  return (
    <table class="list" data-testid="ports">
      <caption>Ports</caption>
      <thead>
        <tr>
          <th>port</th>
          <th>plugged into</th>
          <th>{tree ? "role and state" : "link"}</th>
          {vlans && <th>VLANs</th>}
          <th class="num">in</th>
          <th class="num">out</th>
          <th class="num">dropped</th>
        </tr>
      </thead>
      <tbody>
        {all.map(({ name, is }) => {
          const edge = edges.find((e) => e.a === name || e.b === name);
          return (
            <tr key={name} class={name === props.chosen ? "on" : is?.link === "up" ? "" : "dim"}>
              <td class="mono">
                <button
                  type="button"
                  class="plain"
                  aria-pressed={name === props.chosen}
                  onClick={() => props.choose(name)}
                >
                  {name}
                </button>
              </td>
              <td class="mono">{edge === undefined ? "" : edge.a === name ? edge.b : edge.a}</td>
              <td class={holdsBack(is) ? "held" : ""} title={is?.guarded}>
                {stateOf(is)}
              </td>
              {vlans && <td class="mono">{vlansOf(is)}</td>}
              <td class="num">{grouped(is?.in ?? 0)}</td>
              <td class="num">{grouped(is?.out ?? 0)}</td>
              <td class="num">{grouped(is === undefined ? 0 : dropped(is))}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Tree(props: { readonly name: string; readonly now: SwitchNow }) {
  const { name, now } = props;
  const lab = useLab();
  const { fabric } = lab.state.value;
  const t = now.tree;
  if (t === undefined) return null;
  const root = rootName(fabric, t.root);
  const last = [...(fabric.trees.get(name) ?? [])].reverse();
  return (
    <div data-testid="tree">
      <dl aria-label="Spanning tree">
        <dt>root</dt>
        <dd>
          {t.rootPort === "" ? "this switch" : root} <span class="dim mono">{t.root}</span>
        </dd>
        <dt>this switch</dt>
        <dd class="mono">{t.id}</dd>
        <dt>way to the root</dt>
        <dd>{t.rootPort === "" ? "none: it is the root" : `by ${t.rootPort}, at a cost of ${grouped(t.cost)}`}</dd>
        <dt>topology changes</dt>
        <dd>
          {grouped(t.changes)}
          {t.changes > 0 && `, the last at ${seconds(t.changedAt)} s`}
          {t.changing && ", being told"}
        </dd>
      </dl>
      {last.length > 0 && (
        <dl aria-label="Last changes" class="changes">
          {last.map((e) => (
            <>
              <dt>{seconds(e.at)} s</dt>
              <dd>
                <button type="button" class="plain" onClick={() => lab.selectSeq(e.seq)}>
                  {e.port === "" ? "" : `${e.port} `}
                  {treeWords(e)}
                </button>
              </dd>
            </>
          ))}
        </dl>
      )}
    </div>
  );
}

/** What is known of where addresses are: what the events said, or the table itself where one asks for it. */
function Addresses(props: { readonly name: string; readonly now: SwitchNow | undefined }) {
  const { name, now } = props;
  const lab = useLab();
  const { learned, unlearned } = lab.state.value;
  const [read, setRead] = useState<{ readonly at: number; readonly table: TableResult }>();
  const [vlan, setVLAN] = useState(-1);
  const table = learned.get(name);
  const wrong = unlearned.get(name) ?? 0;
  const known = now?.known ?? [];
  const ask = async (of: number): Promise<void> => {
    setVLAN(of);
    const at = lab.state.peek().at;
    const answer = await lab.ask({ op: "table", switch: name, vlan: of });
    const got = answer.ok ? decodeTable(answer.result) : answer;
    if (got.ok) setRead({ at, table: got.value });
    else lab.notice.value = got.error;
  };
  return (
    <div>
      {now !== undefined && (
        <p class="ask">
          <b>Addresses</b>{" "}
          <span class="dim">
            {known.length === 0
              ? "none known"
              : known.map((k) => `${grouped(k.addresses)}${k.vlan === 0 ? "" : ` in VLAN ${k.vlan}`}`).join(", ")}
            {now.more > 0 && ` and in ${grouped(now.more)} more VLANs`}
          </span>{" "}
          {known.length > 1 && (
            <select
              aria-label="VLAN of the table"
              value={String(vlan)}
              onChange={(e) => void ask(Number(e.currentTarget.value))}
            >
              <option value="-1">all VLANs</option>
              {known.map((k) => (
                <option key={k.vlan} value={String(k.vlan)}>
                  VLAN {k.vlan}
                </option>
              ))}
            </select>
          )}{" "}
          <button type="button" class="small" data-testid="read-table" onClick={() => void ask(vlan)}>
            read the table
          </button>
        </p>
      )}
      {wrong > 0 && read === undefined && (
        <p class="teach">
          {count(wrong, "change")} of the learned addresses came faster than people read: the page was told their number
          only, so the list may be wrong by them.
        </p>
      )}
      {read !== undefined ? (
        <table class="list" data-testid="mac-table">
          <caption>
            <span class="dim">
              as it was at {seconds(read.at)} s
              {read.table.total > ADDRESSES && `, the first ${ADDRESSES} of ${grouped(read.table.total)}`}
            </span>
          </caption>
          <tbody>
            {read.table.entries.map((e) => (
              <tr key={`${e.mac} ${e.vlan}`}>
                <td class="mono">{e.mac}</td>
                <td>
                  at {e.port}
                  {inVLAN(e.vlan)}
                </td>
                <td class="dim">{e.static ? "static" : `seen at ${seconds(e.seen)} s`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : table === undefined || table.size === 0 ? (
        <p class="teach">No address learned yet: a switch learns where an address is when a frame comes from it.</p>
      ) : (
        <dl aria-label="Learned addresses">
          {[...table].slice(0, ADDRESSES).map(([mac, port]) => (
            <>
              <dt class="mono">{mac}</dt>
              <dd>at {port}</dd>
            </>
          ))}
        </dl>
      )}
    </div>
  );
}

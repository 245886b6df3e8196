// The processes of a node, as ps shows them: those that run, then those that ended.
import { bytes, grouped, percent } from "../../core/format";
import { endText } from "../../core/lives";
import { procSays } from "../../core/says";
import { isAlive, procOf } from "../../core/select";
import { type OfNode, useLab } from "../../ui/pane";
import { useWindow } from "../../ui/window";
import css from "./processes.module.css";

const ROW = 22;

export function Processes(props: OfNode) {
  const { node } = props;
  const lab = useLab();
  const view = lab.node(node);
  const now = view.now.value;
  const lives = view.lives.value;
  const own = lab.topology.value.nodes.find((n) => n.name === node)?.procs ?? [];
  const rows = view.specs.value.map((spec) => {
    const p = procOf(now, spec.name);
    return { spec, p, alive: p !== undefined && isAlive(p), life: lives.find((l) => l.name === spec.name) };
  });
  rows.sort((a, b) => Number(b.alive) - Number(a.alive));
  const { box, seen, onScroll } = useWindow({
    first: 0,
    length: rows.length,
    rowHeight: ROW,
    follow: false,
    onFollow: () => undefined,
    extra: 16,
  });
  const parent = (pid: number): string =>
    pid === 0 ? "" : (lives.find((l) => l.pid === pid)?.name ?? `process ${pid}`);
  if (rows.length === 0) {
    return (
      <p class="teach">
        No process runs on {node}. What is run at its prompt, and what its programs start, is listed here.
      </p>
    );
  }
  return (
    <div class={`scroll pad ${css.processes}`} data-testid="procs" ref={box} onScroll={onScroll}>
      <table class="list" aria-rowcount={rows.length}>
        <thead>
          <tr>
            <th class="num">pid</th>
            <th>process</th>
            <th>started by</th>
            <th>state</th>
            <th class="num">CPU</th>
            <th class="num">fuel</th>
            <th class="num">memory</th>
            <th>
              <span class="hidden">signals</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <Gap rows={seen.from} />
          {rows.slice(seen.from, seen.to).map(({ spec, p, alive, life }) => (
            <tr key={spec.name} class={alive ? "" : "dim"} data-alive={alive}>
              <td class="num">{p?.pid || life?.pid || ""}</td>
              <td>
                <button
                  type="button"
                  class="plain"
                  title="Show its calls"
                  onClick={() => {
                    lab.selection.pick({ kind: "proc", node, proc: spec.name });
                    lab.selection.tab.value = "calls";
                  }}
                >
                  {spec.name}
                </button>
              </td>
              <td>{parent(life?.ppid ?? p?.ppid ?? 0) || (own.includes(spec) ? "the lab" : "the prompt")}</td>
              <td>
                {p !== undefined ? (
                  <span class={`procstate ${procSays(p, spec.program).tone}`}>
                    {alive ? p.state : procSays(p, spec.program).text}
                    {alive && p.wchan !== "" && <span class="dim"> on {p.wchan}</span>}
                  </span>
                ) : (
                  <span class="procstate">{life === undefined ? "not started" : endText(life)}</span>
                )}
              </td>
              <td class="num">{alive && p !== undefined ? percent(p.cpu) : ""}</td>
              <td class="num">{p !== undefined && p.fuel > 0 ? grouped(p.fuel) : ""}</td>
              <td class="num">{alive && p !== undefined && p.memory > 0 ? bytes(p.memory) : ""}</td>
              <td>
                {alive && (
                  <span class="group">
                    <button
                      type="button"
                      class="small"
                      disabled={!lab.live.value}
                      title="SIGTERM"
                      onClick={() => void lab.send({ op: "stop", node, proc: spec.name })}
                    >
                      stop
                    </button>
                    <button
                      type="button"
                      class="small"
                      disabled={!lab.live.value}
                      title="SIGKILL"
                      onClick={() => void lab.send({ op: "kill", node, proc: spec.name })}
                    >
                      kill
                    </button>
                  </span>
                )}
              </td>
            </tr>
          ))}
          <Gap rows={rows.length - seen.to} />
        </tbody>
      </table>
    </div>
  );
}

/** The room of rows that are not in sight. */
function Gap(props: { readonly rows: number }) {
  return props.rows > 0 ? <tr style={{ height: `${props.rows * ROW}px` }} /> : null;
}

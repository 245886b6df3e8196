// What a process asks of its kernel, a line a call, with the fuel between two of them.
import { useState } from "preact/hooks";
import { count, grouped, seconds } from "../../core/format";
import { at, type Rows } from "../../core/rows";
import { LINES, procKey } from "../../core/state";
import { type TraceLine, traceText } from "../../core/trace";
import { type OfNode, useLab } from "../../ui/pane";
import { useWindow } from "../../ui/window";
import css from "./strace.module.css";

const ROW = 24;

export function Strace(props: OfNode) {
  const { node } = props;
  const proc = props.proc?.name;
  const lab = useLab();
  const rows = proc === undefined ? undefined : lab.state.value.traces.get(procKey(node, proc));
  if (rows === undefined) {
    return (
      <p class="teach">
        No system call yet. Each call of {proc ?? "a program"} will be a line here, with the fuel that it used since the
        line before: signals, limits and how it ended, too.
      </p>
    );
  }
  return <Calls key={`${node}:${proc}`} node={node} proc={proc ?? ""} rows={rows} />;
}

/** The lines, of which only those in sight are in the document. */
function Calls(props: { readonly node: string; readonly proc: string; readonly rows: Rows<TraceLine> }) {
  const { node, rows } = props;
  const [pinned, setPinned] = useState(true);
  const list = useWindow({
    first: rows.first,
    length: rows.length,
    rowHeight: ROW,
    follow: pinned,
    onFollow: setPinned,
  });
  const drawn: TraceLine[] = [];
  for (let n = list.seen.from; n < list.seen.to; n++) {
    const line = at(rows, n);
    if (line !== undefined) drawn.push(line);
  }
  return (
    <div class={css.strace}>
      <div class="tracehead dim" aria-hidden="true">
        <span class="time">time, s</span>
        <span class="fuel" title="Fuel used since the line before; a unit is 10 ns of the node's CPU time">
          fuel
        </span>
        <span>call</span>
        <span class="grow" />
        <span>
          {count(rows.length, "line")}
          {rows.first > 0 && ` · the oldest ${grouped(rows.first)} let go (at most ${grouped(LINES)} are kept)`}
        </span>
      </div>
      <div
        class="scroll mono trace"
        ref={list.box}
        role="log"
        aria-label={`System calls of ${props.proc}`}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        data-testid="calls"
        onScroll={list.onScroll}
      >
        <div class="tall" style={{ height: `${list.whole}px` }}>
          <div style={{ transform: `translateY(${list.top}px)` }}>
            {drawn.map((l, i) => (
              <Line key={list.seen.from + i} node={node} line={l} />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

function Line(props: { readonly node: string; readonly line: TraceLine }) {
  const lab = useLab();
  const { event: e, used } = props.line;
  const t = traceText(e);
  const child =
    e.kind === "call" && e.op === "spawn" && e.n > 0
      ? lab.node(props.node).lives.value.find((l) => l.pid === e.n)
      : undefined;
  return (
    <div class={`traceline ${t.tone}`}>
      <span class="time dim">{seconds(e.at)}</span>
      <span class="fuel dim">{used > 0 && `+${grouped(used)}`}</span>
      <button type="button" class="plain" onClick={() => lab.selectSeq(e.seq)} title="Show it in the time line">
        {t.text}
        {t.error !== "" && <b class="bad"> {t.error}</b>}
        {t.more !== "" && <span class="dim"> {t.more}</span>}
      </button>
      {child !== undefined && (
        <button
          type="button"
          class="plain child"
          title="Show its calls"
          onClick={() => lab.selection.pick({ kind: "proc", node: props.node, proc: child.name })}
        >
          {child.name}
        </button>
      )}
    </div>
  );
}

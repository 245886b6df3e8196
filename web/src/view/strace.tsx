// What a process asks of its kernel, a line a call, with the fuel between two of them.
import { useLayoutEffect, useRef } from "preact/hooks";
import { count, grouped, seconds } from "../core/format";
import { last } from "../core/rows";
import { LINES, procKey } from "../core/state";
import { type TraceLine, traceText } from "../core/trace";
import { lab, pick, selectSeq } from "./store";

/** Lines shown; older ones are in the time line. */
const SHOWN = 300;

export function Strace(props: { readonly node: string; readonly proc: string | undefined }) {
  const { node, proc } = props;
  const box = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const rows = proc === undefined ? undefined : lab.value.traces.get(procKey(node, proc));
  useLayoutEffect(() => {
    pinned.current = true;
  }, [node, proc]);
  useLayoutEffect(() => {
    const el = box.current;
    if (el !== null && pinned.current) el.scrollTop = el.scrollHeight;
  }, [rows]);
  if (rows === undefined) {
    return (
      <p class="teach">
        No system call yet. Each call of {proc ?? "a program"} will be a line here, with the fuel that it used since the
        line before: signals, limits and how it ended, too.
      </p>
    );
  }
  const lines = last(rows, SHOWN);
  return (
    <>
      <div class="tracehead dim" aria-hidden="true">
        <span class="time">time, s</span>
        <span class="fuel" title="Fuel used since the line before; a unit is 10 ns of the node's CPU time">
          fuel
        </span>
        <span>call</span>
        <span class="grow" />
        <span>
          {lines.length < rows.first + rows.length
            ? `the newest ${grouped(lines.length)} of ${count(rows.first + rows.length, "line")}${rows.first > 0 ? ` (at most ${grouped(LINES)} are kept)` : ""}`
            : count(lines.length, "line")}
        </span>
      </div>
      <div
        class="scroll mono trace"
        ref={box}
        role="log"
        aria-label={`System calls of ${proc}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        data-testid="calls"
        onScroll={(e) => {
          const el = e.currentTarget;
          pinned.current = el.scrollTop + el.clientHeight >= el.scrollHeight - 8;
        }}
      >
        {lines.map((l) => (
          <Line key={l.event.seq} node={node} line={l} />
        ))}
      </div>
    </>
  );
}

function Line(props: { readonly node: string; readonly line: TraceLine }) {
  const { event: e, used } = props.line;
  const t = traceText(e);
  const child =
    e.kind === "call" && e.op === "spawn" && e.n > 0
      ? lab.value.lives.get(props.node)?.find((l) => l.pid === e.n)
      : undefined;
  return (
    <div class={`traceline ${t.tone}`}>
      <span class="time dim">{seconds(e.at)}</span>
      <span class="fuel dim">{used > 0 && `+${grouped(used)}`}</span>
      <button type="button" class="plain" onClick={() => selectSeq(e.seq)} title="Show it in the time line">
        {t.text}
        {t.error !== "" && <b class="bad"> {t.error}</b>}
        {t.more !== "" && <span class="dim"> {t.more}</span>}
      </button>
      {child !== undefined && (
        <button
          type="button"
          class="plain child"
          title="Show its calls"
          onClick={() => pick({ kind: "proc", node: props.node, proc: child.name })}
        >
          {child.name}
        </button>
      )}
    </div>
  );
}

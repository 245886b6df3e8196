// A node's console: what its programs write, and a prompt.
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type ConsoleLine, type Gap, LINES } from "../../core/console";
import { count, grouped } from "../../core/format";
import { leftWords } from "../../core/row";
import { at, end } from "../../core/rows";
import { livesAs } from "../../core/select";
import { goesTo, remembered } from "../../core/terminal";
import { above, height, type Place, places, rowOf } from "../../core/wrap";
import type { LabSession } from "../../session/session";
import { type OfNode, useLab } from "../../ui/pane";
import { useWindow } from "../../ui/window";
import css from "./console.module.css";

const MAX_LINE = 4000;
const ROW = 18;
/** Columns of the name of who wrote a line, and pixels around the text: as in the style sheet. */
const FROM = 12;
const AROUND = 48;
/** Columns that a text has at least, however narrow the page. */
const NARROW = 20;
/** Lines that come at once and are not read out. */
const BURST = 20;

/** What Ctrl-C and Ctrl-D type at a program. */
const INTERRUPT = "\u0003";
const END = "\u0004";

/** example is a command that works on a node: names of nodes stand for their addresses. */
function example(lab: LabSession, node: string): string {
  const placed = lab.topology.value.nodes.filter((n) => n.ifaces.some((i) => i.addresses.length > 0));
  const other = placed.find((n) => n.name !== node);
  return other === undefined || !placed.some((n) => n.name === node) ? "ifconfig" : `ping -c 3 ${other.name}`;
}

/** editing is what a terminal's editing keys make of a line: it and where the cursor is, undefined for other keys. */
function editing(key: string, line: string, at: number): readonly [string, number] | undefined {
  switch (key) {
    case "a":
      return [line, 0];
    case "e":
      return [line, line.length];
    case "u":
      return [line.slice(at), 0];
    case "k":
      return [line.slice(0, at), at];
    case "w": {
      const kept = line.slice(0, at).replace(/\S+\s*$/, "");
      return [kept + line.slice(at), kept.length];
    }
    default:
      return undefined;
  }
}

export function Console(props: OfNode) {
  const { node } = props;
  const [pinned, setPinned] = useState(true);
  return (
    <div class={css.console}>
      <Transcript node={node} pinned={pinned} setPinned={setPinned} />
      <Prompt node={node} typed={() => setPinned(true)} />
    </div>
  );
}

/** The lines, of which only those in sight are in the document. */
function Transcript(props: {
  readonly node: string;
  readonly pinned: boolean;
  readonly setPinned: (pinned: boolean) => void;
}) {
  const { node, pinned } = props;
  const lab = useLab();
  const out = lab.node(node).console.value;
  const letter = useRef<HTMLSpanElement>(null);
  const [width, setWidth] = useState(7.2);
  const seenTo = useRef(0);
  const columns = useRef(80);
  // Rows are numbered from those that are gone on: what is in sight stays in its place.
  const was = useRef({ lines: out.lines, gone: 0 });
  if (was.current.lines.first !== out.lines.first) {
    was.current.gone += above(was.current.lines, columns.current, out.lines.first);
  }
  was.current.lines = out.lines;
  const first = was.current.gone;
  const list = useWindow({
    first,
    length: height(out.lines, columns.current),
    rowHeight: ROW,
    follow: pinned,
    onFollow: props.setPinned,
  });
  columns.current = Math.max(NARROW, Math.floor((list.width - AROUND) / width) - FROM);

  useLayoutEffect(() => {
    const w = (letter.current?.getBoundingClientRect().width ?? 0) / 100;
    if (w > 0) setWidth(w);
  }, [list.width]);

  const drawn = places(out.lines, columns.current, list.seen.from - first, list.seen.to - first);
  const came = end(out.lines) - seenTo.current;
  seenTo.current = end(out.lines);
  return (
    <>
      {out.lines.first > 0 && (
        <div class="let-go dim small" data-testid="let-go">
          the oldest {count(out.lines.first, "line")} let go (at most {grouped(LINES)} are kept)
        </div>
      )}
      <div
        class="output mono"
        ref={list.box}
        role="log"
        aria-label={`Console of ${node}`}
        aria-live={came > BURST ? "off" : "polite"}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        data-testid="console"
        onScroll={list.onScroll}
      >
        <span ref={letter} class="letter" aria-hidden="true">
          {"x".repeat(100)}
        </span>
        {out.lines.length === 0 && (
          <p class="teach">
            Nothing was written yet. What programs on {node} print appears here; run one of your own below, for example{" "}
            <code>{example(lab, node)}</code>. A line may have | between commands, and &lt; and &gt; for files.
          </p>
        )}
        <div class="spacer" style={{ height: `${list.whole}px` }}>
          <div style={{ transform: `translateY(${list.top}px)` }}>
            {drawn.map((p) => (
              <Line
                key={`${p.line}.${p.row}`}
                node={node}
                place={p}
                line={at(out.lines, p.line)}
                columns={columns.current}
              />
            ))}
          </div>
        </div>
      </div>
    </>
  );
}

function Line(props: {
  readonly node: string;
  readonly line: ConsoleLine | undefined;
  readonly place: Place;
  readonly columns: number;
}) {
  const { node, line, place } = props;
  if (line === undefined) return null;
  const from = line.kind === "command" ? `${node}$` : line.from;
  return (
    <div class={`line ${line.kind}`}>
      <span class="from" title={from}>
        {place.row === 0 ? from : ""}
      </span>
      {line.gap === undefined ? (
        <span class="text">{rowOf(line.text, props.columns, place.row)}</span>
      ) : (
        <Left node={node} gap={line.gap} />
      )}
    </div>
  );
}

/** What came faster than people read. */
function Left(props: { readonly node: string; readonly gap: Gap }) {
  const { node, gap } = props;
  const lab = useLab();
  return (
    <span class="text" title="This came faster than people read: the page was shown its beginning and its end">
      … {leftWords({ of: "console", events: 0, ...gap })} left out …{" "}
      <button type="button" class="plain" disabled={!lab.live.value} onClick={() => void lab.saveText(node, gap)}>
        save the text
      </button>
    </span>
  );
}

function Prompt(props: { readonly node: string; readonly typed: () => void }) {
  const { node } = props;
  const [line, setLine] = useState("");
  const back = useRef(0);
  const lab = useLab();
  const { prompts } = lab;
  const id = useId();
  const view = lab.node(node);
  const terminal = prompts.of(node);
  const { front, history } = terminal;
  const now = view.now.value;
  const isHere = (name: string): boolean => livesAs(now, name);
  const alive = view.specs.value.filter((p) => isHere(p.name));
  const to = goesTo(terminal, isHere);
  const status = lab.status.value;
  const stands = status?.paused === true && !status.ended;

  const run = (): void => {
    const text = line;
    if (text.trim() === "" && to === "") return;
    setLine("");
    props.typed();
    back.current = 0;
    if (to === "") {
      void prompts.run(node, text.trim());
      return;
    }
    prompts.change(node, (t) => remembered(t, text));
    void prompts.type(node, to, `${text}\n`);
  };
  const onKey = (e: KeyboardEvent): void => {
    const input = e.currentTarget;
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      if (e.ctrlKey) return;
      back.current = Math.min(Math.max(back.current + (e.key === "ArrowUp" ? 1 : -1), 0), history.length);
      setLine(back.current === 0 ? "" : (history[history.length - back.current] ?? ""));
      e.preventDefault();
    } else if (
      e.key === "c" &&
      e.ctrlKey &&
      input instanceof HTMLInputElement &&
      input.selectionStart === input.selectionEnd
    ) {
      const whom = to !== "" ? to : isHere(front) ? front : "";
      if (whom !== "") void prompts.type(node, whom, INTERRUPT);
      setLine("");
      e.preventDefault();
    } else if (e.key === "d" && e.ctrlKey) {
      // After some text it sends that without an end of line; alone it says that nothing follows.
      if (to !== "") void prompts.type(node, to, line === "" ? END : line);
      if (to !== "") setLine("");
      e.preventDefault();
    } else if (e.ctrlKey && !e.altKey && !e.metaKey && input instanceof HTMLInputElement) {
      const edited = editing(e.key, line, input.selectionStart ?? line.length);
      if (edited === undefined) return;
      e.preventDefault();
      const [text, cursor] = edited;
      input.value = text;
      input.setSelectionRange(cursor, cursor);
      setLine(text);
    }
  };

  return (
    <form
      class="prompt mono"
      onSubmit={(e) => {
        e.preventDefault();
        run();
      }}
    >
      {alive.length === 0 ? (
        <label for={id}>{node}$</label>
      ) : (
        <select
          aria-label="Where the line goes: the node's prompt, or the input of a program"
          value={to}
          onChange={(e) => {
            const target = e.currentTarget.value;
            prompts.change(node, (t) => ({ ...t, target }));
          }}
        >
          <option value="">{node}$</option>
          {alive.map((p) => (
            <option key={p.name} value={p.name}>
              {p.name} &lt;
            </option>
          ))}
        </select>
      )}
      <input
        id={id}
        type="text"
        value={line}
        maxLength={MAX_LINE}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        disabled={!lab.live.value}
        aria-label={to === "" ? `Command to run on ${node}` : `Line for the input of ${to}`}
        placeholder={to === "" ? example(lab, node) : `a line for ${to} to read`}
        data-testid="prompt"
        data-focus="console"
        onInput={(e) => setLine(e.currentTarget.value)}
        onKeyDown={onKey}
      />
      {stands ? (
        <span class="stands" data-testid="stands">
          time is paused: it happens when you press{" "}
          <button type="button" class="small" onClick={() => lab.togglePause()}>
            run
          </button>
        </span>
      ) : (
        to !== front &&
        isHere(front) && (
          <span class="dim" data-testid="front">
            {front} runs: Ctrl-C interrupts it
          </span>
        )
      )}
    </form>
  );
}

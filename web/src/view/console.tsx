// A node's console: what its programs write, and a prompt.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { noConsole } from "../core/console";
import { decodeExec } from "../core/decode";
import type { ProcSpec } from "../core/protocol";
import { ask, isAlive, lab, live, procOf, send, type Terminal, terminals } from "./store";

/** Commands remembered per node, for Up and Down. */
const REMEMBERED = 50;
const MAX_LINE = 4000;

/** What Ctrl-C and Ctrl-D type at a program. */
const INTERRUPT = "\u0003";
const END = "\u0004";

const fresh: Terminal = { target: undefined, front: "", history: [] };

/** example is a command that works on a node: names of nodes stand for their addresses. */
function example(node: string): string {
  const placed = lab.value.topology.nodes.filter((n) => n.ifaces.some((i) => i.addresses.length > 0));
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

export function ConsoleTab(props: { readonly node: string; readonly specs: readonly ProcSpec[] }) {
  const { node } = props;
  const box = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const [line, setLine] = useState("");
  const [said, setSaid] = useState("");
  const back = useRef(0);
  const { target, front, history } = terminals.value.get(node) ?? fresh;
  const now = (change: Partial<Terminal>): void => {
    const old = terminals.peek().get(node) ?? fresh;
    terminals.value = new Map(terminals.peek()).set(node, { ...old, ...change });
  };
  const out = lab.value.consoles.get(node) ?? noConsole;

  useLayoutEffect(() => {
    const el = box.current;
    if (el !== null && pinned.current) el.scrollTop = el.scrollHeight;
  }, [out, node]);

  const alive = props.specs.filter((p) => {
    const st = procOf(lab.value, node, p.name);
    return st !== undefined && isAlive(st);
  });
  const isHere = (name: string): boolean => alive.some((p) => p.name === name);
  // As on a terminal, what runs in front has the lines until it ends.
  const to = target !== undefined && (target === "" || isHere(target)) ? target : isHere(front) ? front : "";

  const remember = (text: string): void => {
    pinned.current = true;
    back.current = 0;
    const old = terminals.peek().get(node)?.history ?? [];
    if (text.trim() !== "") now({ history: [...old.filter((h) => h !== text), text].slice(-REMEMBERED) });
  };

  const run = async (): Promise<void> => {
    const text = line;
    if (text.trim() === "" && to === "") return;
    setSaid("");
    if (to !== "") {
      setLine("");
      remember(text);
      await send({ op: "stdin", node, proc: to, text: `${text}\n` });
      return;
    }
    setLine("");
    const answer = await ask({ op: "exec", node, line: text.trim() });
    if (!answer.ok) {
      setSaid(answer.error);
      // To be mended, unless something else has been typed meanwhile.
      setLine((typed) => (typed === "" ? text : typed));
      return;
    }
    remember(text);
    const got = decodeExec(answer.result);
    if (!got.ok) return;
    now({ front: got.value, target: undefined });
  };
  const onKey = (e: KeyboardEvent): void => {
    const input = e.currentTarget;
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      if (e.ctrlKey) return;
      const all = history;
      back.current = Math.min(Math.max(back.current + (e.key === "ArrowUp" ? 1 : -1), 0), all.length);
      setLine(back.current === 0 ? "" : (all[all.length - back.current] ?? ""));
      e.preventDefault();
    } else if (
      e.key === "c" &&
      e.ctrlKey &&
      input instanceof HTMLInputElement &&
      input.selectionStart === input.selectionEnd
    ) {
      const whom = to !== "" ? to : isHere(front) ? front : "";
      if (whom !== "") void send({ op: "stdin", node, proc: whom, text: INTERRUPT });
      setLine("");
      e.preventDefault();
    } else if (e.key === "d" && e.ctrlKey) {
      // After some text it sends that without an end of line; alone it says that nothing follows.
      if (to !== "") void send({ op: "stdin", node, proc: to, text: line === "" ? END : line });
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
    <div class="shell">
      <div
        class="output mono"
        ref={box}
        role="log"
        aria-label={`Console of ${node}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        data-testid="console"
        onScroll={(e) => {
          const el = e.currentTarget;
          pinned.current = el.scrollTop + el.clientHeight >= el.scrollHeight - 8;
        }}
      >
        {out.lines.length === 0 && (
          <p class="teach">
            Nothing was written yet. What programs on {node} print appears here; run one of your own below, for example{" "}
            <code>{example(node)}</code>. A line may have | between commands, and &lt; and &gt; for files.
          </p>
        )}
        {out.written > out.lines.length && <div class="dim">… the newest {out.lines.length} lines</div>}
        {out.lines.map((l) => (
          <div
            key={l.n}
            class={l.from === "$" ? "cmd" : l.from === "!" ? (l.err ? "bad" : "dim") : l.err ? "stderr" : ""}
          >
            <span class="from">{l.from === "$" ? `${node}$` : l.from === "!" ? "" : l.from}</span>
            <span class="text">{l.text}</span>
          </div>
        ))}
      </div>
      {said !== "" && (
        <div class="bad said" role="alert">
          {said}
        </div>
      )}
      <form
        class="prompt mono"
        onSubmit={(e) => {
          e.preventDefault();
          void run();
        }}
      >
        {alive.length === 0 ? (
          <label for="prompt">{node}$</label>
        ) : (
          <select
            aria-label="Where the line goes: the node's prompt, or the input of a program"
            value={to}
            onChange={(e) => now({ target: e.currentTarget.value })}
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
          id="prompt"
          type="text"
          value={line}
          maxLength={MAX_LINE}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          disabled={!live.value}
          aria-label={to === "" ? `Command to run on ${node}` : `Line for the input of ${to}`}
          placeholder={to === "" ? example(node) : `a line for ${to} to read`}
          data-testid="prompt"
          onInput={(e) => setLine(e.currentTarget.value)}
          onKeyDown={onKey}
        />
      </form>
    </div>
  );
}

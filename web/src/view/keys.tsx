// The keys, and the list of them. Single keys do nothing while one types.
import { useEffect, useRef } from "preact/hooks";
import { along, following, keysShown, move, select, send, step, togglePause } from "./store";

const KEYS: readonly (readonly [string, string])[] = [
  ["Space", "pause, or run on"],
  [".", "step: one event"],
  ["1  2  3", "speed: 1x, 10x, as fast as it goes"],
  ["t  l  d  c", "go to topology, time line, detail, console"],
  ["↑ ↓  Page  Home End", "in the time line: move through rows"],
  ["Ctrl+↑ Ctrl+↓", "previous, next row from anywhere"],
  ["[  ]", "previous, next row of the same frame"],
  ["f", "follow what comes"],
  ["← → ↑ ↓", "in the detail tree: close, open, move"],
  ["Enter", "choose what has the focus"],
  ["Ctrl+C  Ctrl+D", "in the console: interrupt what runs; end its input"],
  ["Ctrl+A E U K W", "in the console: begin, end of the line; cut it before, behind; a word"],
  ["Esc", "let go of the selected row"],
  ["?", "these keys"],
];

const FOCUS: { readonly [key: string]: string } = {
  t: ".topology [tabindex='0']",
  l: "#timeline",
  d: "#detail",
  c: "#prompt",
};

/** listenKeys listens until the function it returns is called. */
export function listenKeys(): () => void {
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function onKey(e: KeyboardEvent): void {
  const target = e.target instanceof Element ? e.target : undefined;
  if (keysShown.value) return;
  if (e.ctrlKey && (e.key === "ArrowUp" || e.key === "ArrowDown")) {
    move(e.key === "ArrowUp" ? -1 : 1);
    e.preventDefault();
    return;
  }
  if (target?.matches("input, textarea, select") === true) {
    if (e.key === "Escape" && target instanceof HTMLElement) target.blur();
    return;
  }
  if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented) return;
  // Space and Enter are a focused control's own.
  if (e.key === " " && target?.closest("button, a, [role=button], [role=tab], [role=treeitem]")) return;
  const focus = FOCUS[e.key];
  if (focus !== undefined) {
    const el = document.querySelector(focus);
    if (el instanceof HTMLElement || el instanceof SVGElement) el.focus();
  } else if (e.key === " ") togglePause();
  else if (e.key === ".") void step();
  else if (e.key === "1") void send({ op: "rate", rate: 1 });
  else if (e.key === "2") void send({ op: "rate", rate: 10 });
  else if (e.key === "3") void send({ op: "rate", rate: 0 });
  else if (e.key === "f") following.value = true;
  else if (e.key === "[") along(-1);
  else if (e.key === "]") along(1);
  else if (e.key === "Escape") select(undefined);
  else if (e.key === "?") keysShown.value = true;
  else return;
  e.preventDefault();
}

export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = keysShown.value;
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  return (
    <dialog
      ref={dialog}
      aria-label="Keys"
      onClose={() => {
        keysShown.value = false;
      }}
    >
      <h2>Keys</h2>
      <table>
        <tbody>
          {KEYS.map(([key, does]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <form method="dialog">
        <button type="submit">close</button>
      </form>
    </dialog>
  );
}

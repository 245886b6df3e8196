// The keys, and the list of them: both are made of what the panes say. Single keys do
// nothing while one types.
import { useEffect, useRef } from "preact/hooks";
import type { Part } from "../session/selection";
import type { LabSession } from "../session/session";
import type { Key, NodePane, Pane } from "../ui/pane";
import css from "./keys.module.css";
import type { Page } from "./page";
import { all } from "./panes";

/** pressOf is how a registration names what is pressed. */
export function pressOf(e: Pick<KeyboardEvent, "key" | "ctrlKey">): string {
  return `${e.ctrlKey ? "Ctrl+" : ""}${e.key}`;
}

/** keysOf lists what panes say, and the keys that go to them. */
export function keysOf(of: readonly (Pane | NodePane)[]): readonly Key[] {
  const goTo = of.flatMap((p) => (p.focus === undefined ? [] : [{ shown: p.focus, does: `go to ${p.title}` }]));
  return [...of.flatMap((p) => p.keys), ...goTo, { shown: "?", does: "these keys" }];
}

/** listenKeys listens until the function it returns is called. */
export function listenKeys(page: Page): () => void {
  const on = (e: KeyboardEvent): void => onKey(page, e);
  document.addEventListener("keydown", on);
  return () => document.removeEventListener("keydown", on);
}

/** The lab that keys are for: the one in whose bench the focus is, or the first. */
function labOf(page: Page, target: Element | undefined): LabSession | undefined {
  const p = page.phase.peek();
  if (p.kind !== "labs") return undefined;
  const id = target?.closest("[data-lab]")?.getAttribute("data-lab");
  return p.labs.find((l) => l.id === id) ?? p.labs[0];
}

function onKey(page: Page, e: KeyboardEvent): void {
  if (page.keysShown.peek() || e.defaultPrevented || e.altKey || e.metaKey) return;
  const target = e.target instanceof Element ? e.target : undefined;
  if (target !== undefined && target.closest("dialog") !== null) return; // what is in front has the keys
  const typing = target?.matches("input, textarea, select") === true;
  const press = pressOf(e);
  const lab = labOf(page, target);
  const key = all.flatMap((p) => p.keys).find((k) => k.presses?.includes(press) === true);
  if (typing && key?.always !== true) {
    if (e.key === "Escape" && target instanceof HTMLElement) target.blur();
    return;
  }
  // Space and Enter are a focused control's own.
  if (e.key === " " && target?.closest("button, a, [role=button], [role=tab], [role=treeitem]")) return;
  const pane = all.find((p) => p.focus === press);
  if (press === "?") page.showKeys();
  else if (lab !== undefined && key?.goTo !== undefined) {
    // Pressed again there, it is the browser's own.
    if (target?.getAttribute("data-focus") === key.goTo) return;
    focus(lab, key.goTo, all.find((p) => p.keys.includes(key))?.part);
  } else if (lab !== undefined && key?.run !== undefined) key.run(lab, press);
  else if (lab !== undefined && pane !== undefined) focus(lab, pane.id, pane.part);
  else return;
  e.preventDefault();
}

/** focus goes to an element of a lab's bench, in whose part it is. */
function focus(lab: LabSession, name: string, part: Part | undefined): void {
  if (part !== undefined) {
    lab.selection.part.value = part;
    // Where only one part is shown, it has to be drawn first.
    requestAnimationFrame(() => goTo(lab, name));
  }
  goTo(lab, name);
}

function goTo(lab: LabSession, name: string): void {
  const el = document.querySelector(`[data-lab="${CSS.escape(lab.id)}"] [data-focus~="${name}"]`);
  if (el instanceof HTMLElement || el instanceof SVGElement) el.focus();
}

export function Keys(props: { readonly page: Page }) {
  const { keysShown } = props.page;
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = keysShown.value;
  useEffect(() => listenKeys(props.page), [props.page]);
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  return (
    <dialog
      ref={dialog}
      class={css.keys}
      aria-label="Keys"
      onClose={() => {
        keysShown.value = false;
      }}
    >
      <h2>Keys</h2>
      <table>
        <tbody>
          {keysOf(all).map((k) => (
            <tr key={`${k.shown} ${k.does}`}>
              <th scope="row">
                <kbd>{k.shown}</kbd>
              </th>
              <td>{k.does}</td>
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

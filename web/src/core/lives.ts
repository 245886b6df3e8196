// The processes of the nodes: those of the scenario, and those that come and go.
import type { Event, ProcStatus } from "../protocol/types";

/** A process that was seen to start. */
export interface Life {
  readonly name: string;
  readonly pid: number;
  /** Of the process that spawned it; 0 for the lab and the node's prompt. */
  readonly ppid: number;
  readonly program: string;
  readonly began: number;
  readonly end: { readonly code: number; readonly how: string; readonly why: string } | undefined;
}

export type Lives = ReadonlyMap<string, readonly Life[]>;

/** Ended processes that are remembered of a node, beside those of the scenario. */
export const ENDED = 8;
/** Processes remembered of a node in all; it runs 64 at most. */
const MOST = 128;

/** live takes in what an event says of processes; known are the names that the scenario has. */
export function live(lives: Lives, e: Event, known: ReadonlySet<string>): Lives {
  switch (e.kind) {
    case "start": {
      const life: Life = { name: e.proc, pid: e.pid, ppid: 0, program: e.text, began: e.at, end: undefined };
      const others = (lives.get(e.node) ?? []).filter((l) => l.name !== e.proc);
      return keep(lives, e.node, [...others, life], known);
    }
    case "exit":
      return change(lives, e.node, known, (l) =>
        l.pid === e.pid ? { ...l, end: { code: e.code, how: e.op, why: e.text } } : l,
      );
    case "call":
      if (e.op !== "spawn" || e.n <= 0) return lives;
      return change(lives, e.node, known, (l) => (l.pid === e.n && l.ppid === 0 ? { ...l, ppid: e.pid } : l));
    default:
      return lives;
  }
}

/** check corrects lives by a state: events of a slow stream may be missing. */
export function check(lives: Lives, at: number, procs: readonly ProcStatus[], known: ReadonlySet<string>): Lives {
  const there = new Map(procs.filter((p) => p.pid !== 0).map((p) => [`${p.node}:${p.pid}`, p]));
  let out = lives;
  for (const node of lives.keys()) {
    out = change(out, node, known, (l) => {
      if (l.end !== undefined || l.began >= at) return l;
      const p = there.get(`${node}:${l.pid}`);
      if (p === undefined) return { ...l, end: { code: 0, how: "", why: "" } };
      return p.ppid === 0 || p.ppid === l.ppid ? l : { ...l, ppid: p.ppid };
    });
  }
  return out;
}

/** endText says what became of a process that the lab's state does not have any more. */
export function endText(life: Life): string {
  const end = life.end;
  if (end === undefined || end.how === "") return "ended";
  if (end.how === "exit" || end.why === "") return `exited ${end.code}`;
  return `exited ${end.code}: ${end.why}`;
}

function change(lives: Lives, node: string, known: ReadonlySet<string>, f: (l: Life) => Life): Lives {
  const old = lives.get(node);
  if (old === undefined) return lives;
  let same = true;
  const next = old.map((l) => {
    const to = f(l);
    if (to !== l) same = false;
    return to;
  });
  return same ? lives : keep(lives, node, next, known);
}

/** keep forgets the oldest of those that ended. */
function keep(lives: Lives, node: string, list: readonly Life[], known: ReadonlySet<string>): Lives {
  const gone = list.filter((l) => l.end !== undefined && !known.has(`${node}:${l.name}`));
  const forget = new Set(gone.slice(0, Math.max(0, gone.length - ENDED)));
  return new Map(lives).set(node, list.filter((l) => !forget.has(l)).slice(-MOST));
}

// A node's prompt: what was typed there, and who gets the next line.
import type { ProcStatus } from "../protocol/types";

/** Commands remembered per node, for Up and Down. */
const REMEMBERED = 50;
/** Where a process sleeps that waits for what is typed. */
const TYPING = "ttyin";

export interface Terminal {
  /** Who gets the lines, if the person has said so: "" is the prompt itself. */
  readonly target: string | undefined;
  /** The process that was run last. */
  readonly front: string;
  /** It has waited for a line: it gets them from then on while it lives. */
  readonly asked: boolean;
  /** Lines typed, oldest first. */
  readonly history: readonly string[];
}

export const fresh: Terminal = { target: undefined, front: "", asked: false, history: [] };

/** ran says that a process was run at the prompt. */
export function ran(t: Terminal, proc: string): Terminal {
  return { ...t, front: proc, asked: false, target: undefined };
}

/** remembered adds a line to the history, at its end. */
export function remembered(t: Terminal, line: string): Terminal {
  if (line.trim() === "") return t;
  return { ...t, history: [...t.history.filter((h) => h !== line), line].slice(-REMEMBERED) };
}

/** noticed looks whether what runs in front, or a process that it started, waits for a line. */
export function noticed(t: Terminal, procs: readonly ProcStatus[]): Terminal {
  if (t.front === "" || t.asked) return t;
  const front = procs.find((p) => p.proc === t.front);
  if (front === undefined) return t;
  const byPid = new Map(procs.map((p) => [p.pid, p]));
  const belongs = (p: ProcStatus | undefined, up = procs.length): boolean =>
    p !== undefined && up > 0 && (p === front || belongs(byPid.get(p.ppid), up - 1));
  return procs.some((p) => p.wchan === TYPING && belongs(p)) ? { ...t, asked: true } : t;
}

/**
 * goesTo says who gets the next line: whom the person has chosen; else what runs in front, if it has asked for one;
 * else the prompt, "". So a program that only prints never takes the lines away.
 */
export function goesTo(t: Terminal, lives: (proc: string) => boolean): string {
  if (t.target !== undefined && (t.target === "" || lives(t.target))) return t.target;
  return t.asked && lives(t.front) ? t.front : "";
}

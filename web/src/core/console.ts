// A node's console: what its processes wrote, line by line, what was run there, and
// what of all that is left out. Lines are kept up to a limit; those let go are counted.

import type { LeftText } from "../protocol/types";
import { inert } from "./inert";
import { append, at, dropFirst, end, noRows, type Rows, replace } from "./rows";

/** Lines kept per node; a line goes on in a new one beyond LINE characters. */
export const LINES = 10_000;
export const LINE = 1_000;
/** Characters kept of all nodes together, about, and of one node at least. */
export const CHARS = 8_000_000;
const CHARS_AT_LEAST = 100_000;
/** Writers whose unfinished line is remembered. */
const WRITERS = 64;

/** "out" and "err" are what a process wrote, "command" what was run here, "note" and "bad" how it ended, "left" what is missing. */
export type ConsoleKind = "out" | "err" | "command" | "note" | "bad" | "left";

export interface ConsoleLine {
  readonly kind: ConsoleKind;
  /** The process that wrote it, "" where none did. */
  readonly from: string;
  readonly text: string;
  /** Where the server has what is left out. */
  readonly gap?: Gap;
}

/** Text of a process that came faster than people read. */
export interface Gap extends LeftText {
  readonly proc: string;
  readonly fd: number;
  /** Numbers of the first and the last event that it is in. */
  readonly first: number;
  readonly last: number;
}

export interface Console {
  readonly lines: Rows<ConsoleLine>;
  /** Characters in them. */
  readonly chars: number;
  /** Where each writer's line is that has no newline yet: what it writes next goes on there. */
  readonly open: ReadonlyMap<string, number>;
}

export const noConsole: Console = { lines: noRows<ConsoleLine>(LINES), chars: 0, open: new Map() };

export type Output =
  | { readonly kind: Exclude<ConsoleKind, "left">; readonly from: string; readonly text: string }
  | { readonly kind: "left"; readonly gap: Gap };

/** share is how many characters a node may keep among so many. */
export function share(nodes: number): number {
  return Math.max(CHARS_AT_LEAST, Math.floor(CHARS / Math.max(nodes, 1)));
}

/** write appends output; processes that write in turns each keep their own open line. limit is of characters. */
export function write(console: Console, outputs: readonly Output[], limit = CHARS): Console {
  const w = new Writer(console);
  for (const out of outputs) {
    if (out.kind === "left") w.gap(out.gap);
    else w.text(out.kind, out.from, inert(out.text));
  }
  return w.done(limit);
}

class Writer {
  private rows: Rows<ConsoleLine>;
  private readonly fresh: ConsoleLine[] = [];
  private readonly open: Map<string, number>;
  private chars: number;

  constructor(before: Console) {
    this.rows = before.lines;
    this.open = new Map(before.open);
    this.chars = before.chars;
  }

  text(kind: ConsoleKind, from: string, text: string): void {
    const parts = text.split("\n");
    // "a\n" gives ["a", ""]: the empty rest is no line yet.
    const rest = parts.pop() ?? "";
    const who = `${kind} ${from}`;
    for (const part of parts) {
      this.extend(who, kind, from, part);
      this.open.delete(who);
    }
    if (rest !== "") this.extend(who, kind, from, rest);
  }

  /** What is left out ends the writer's line: what follows is another one. */
  gap(gap: Gap): void {
    this.open.delete(`${gap.fd === 2 ? "err" : "out"} ${gap.proc}`);
    const last = this.fresh.at(-1) ?? at(this.rows, end(this.rows) - 1);
    // Two in a row of one process are one.
    if (last?.gap !== undefined && last.gap.proc === gap.proc && last.gap.fd === gap.fd) {
      const both = {
        ...gap,
        first: last.gap.first,
        lines: last.gap.lines + gap.lines,
        bytes: last.gap.bytes + gap.bytes,
      };
      this.put(end(this.rows) + this.fresh.length - 1, { ...last, gap: both });
      return;
    }
    this.push({ kind: "left", from: gap.proc, text: "", gap });
  }

  /** extend writes some of a line, which goes on behind what the writer wrote of it before. */
  private extend(who: string, kind: ConsoleKind, from: string, text: string): void {
    let rest = text;
    const n = this.open.get(who);
    const before = n === undefined ? undefined : this.line(n);
    if (n !== undefined && before !== undefined && before.text.length < LINE) {
      const room = LINE - before.text.length;
      this.put(n, { ...before, text: before.text + rest.slice(0, room) });
      this.chars += Math.min(room, rest.length);
      if (rest.length <= room) return;
      rest = rest.slice(room);
    }
    for (let k = 0; k < Math.max(rest.length, 1); k += LINE) this.push({ kind, from, text: rest.slice(k, k + LINE) });
    this.open.set(who, end(this.rows) + this.fresh.length - 1);
    for (const old of this.open.keys()) {
      if (this.open.size <= WRITERS) break;
      this.open.delete(old);
    }
  }

  private push(line: ConsoleLine): void {
    this.fresh.push(line);
    this.chars += line.text.length;
  }

  private line(n: number): ConsoleLine | undefined {
    const i = n - end(this.rows);
    return i < 0 ? at(this.rows, n) : this.fresh[i];
  }

  private put(n: number, line: ConsoleLine): void {
    const i = n - end(this.rows);
    if (i < 0) this.rows = replace(this.rows, n, line);
    else this.fresh[i] = line;
  }

  done(limit: number): Console {
    const before = this.rows;
    let lines = append(before, this.fresh);
    let chars = this.chars;
    for (let i = 0; lines.first > before.first + i; i++)
      chars -= (at(before, before.first + i) ?? this.fresh[i - before.length])?.text.length ?? 0;
    while (chars > limit && lines.chunks.length > 1) {
      for (const line of lines.chunks[0] ?? []) chars -= line.text.length;
      lines = dropFirst(lines);
    }
    return { lines, chars, open: this.open };
  }
}
